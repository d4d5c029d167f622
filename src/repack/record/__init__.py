"""What stays behind in the new zip about the run: manifest, restore data, leaflet."""
