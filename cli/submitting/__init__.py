"""`secondlook submit`: a file of requests, checked, sent, and sent on after an interruption."""
