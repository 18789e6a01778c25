"""The stack that runs the pipeline and publishes the book on AWS, or the part of it that LocalStack holds."""
