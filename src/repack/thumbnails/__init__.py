"""Small pictures of each series, for a report. Nothing here is ever written into an image or proves anything."""
