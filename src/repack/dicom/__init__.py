"""The image side: bytes of DICOM files, cut and joined, never decoded more than needed."""
