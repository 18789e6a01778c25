"""The project in containers: what the images hold besides the project, how compose is started, how both are tested."""
