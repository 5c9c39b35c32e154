"""May touch: tmp_path and Node (jsii). Templates are asserted; nothing is deployed."""
