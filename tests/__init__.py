"""What must hold, on every database the service runs on."""
