"""What the keeper costs by itself."""
