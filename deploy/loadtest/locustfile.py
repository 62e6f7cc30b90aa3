"""What a user of the API does. Locust is given the host; opsdeck says how many users."""

from locust import HttpUser, between, task


class ApiUser(HttpUser):
    """Looks at the health of the service, and now and then at its figures."""

    wait_time = between(0.5, 1.5)  # seconds

    @task(4)
    def health(self):
        """The page that answers whether the service is well."""
        self.client.get("/health")

    @task(1)
    def figures(self):
        """The page that Prometheus reads."""
        self.client.get("/metrics")
