"""repack: makes a patient's scan disc smaller, proves that no stored bit was lost, and can give it all back."""

__version__ = "0.1.0"
