"""What the tests and the demo have in common: a private RabbitMQ, child processes, a proxy."""
