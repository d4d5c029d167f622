"""Bundles and outputs that lie elsewhere (s3://, sftp://): fetched, and delivered, never a half under its name."""
