"""What the studio answers, one file a tab: functions of the services and a request, which know nothing of HTTP."""
