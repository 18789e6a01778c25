# How the pipeline connects.

output "connection" {
  description = "Host, port, database, user, and the secret that holds the password (never the password)."
  value = {
    host       = aws_db_instance.this.address
    port       = aws_db_instance.this.port
    database   = aws_db_instance.this.db_name
    user       = aws_db_instance.this.username
    secret_arn = aws_db_instance.this.master_user_secret[0].secret_arn
  }
}
