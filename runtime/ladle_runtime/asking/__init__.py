"""Between a door and SageMaker: requests are passed on, at once or for later, and answers handed out."""
