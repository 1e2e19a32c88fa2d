"""Real public archives, turned into events so that the service is tried on something it did not make up."""
