"""The subprocesses: git, the CDK CLI, the model jail. The only folder that starts one."""
