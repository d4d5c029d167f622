"""What standards ask of a patient disc (DICOM PS3.10, PS3.11, PS3.12, IHE PDI), and what a disc makes of it."""
