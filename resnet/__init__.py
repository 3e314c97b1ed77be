"""Does that claim hold? The claims of the ResNet papers, trained for on equal terms and answered."""
