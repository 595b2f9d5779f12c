using Tollgate.Testing;

namespace Tollgate.Learning.Tests;

public sealed class InternalDoorsTests(LearningFixture learning) : IClassFixture<LearningFixture>
{
    [Fact]
    public async Task Each_internal_endpoint_answers_its_callers_and_no_other_bearer()
    {
        Assert.Equal(
            [
                "DELETE /internal/organizations/{organizationId:guid}/contents: accounts",
                "DELETE /internal/responses: accounts",
                "DELETE /v1/files/{file}: gateway, accounts",
                "DELETE /v1/fine_tuning/deployments/{deployment}: gateway, accounts",
                "DELETE /v1/fine_tuning/models/{model}: gateway, accounts",
                "DELETE /v1/responses/{response}: gateway",
                "GET /internal/deployments: gateway, inference",
                "GET /internal/models/{model}/file: inference",
                "GET /internal/responses/room: gateway",
                "GET /internal/responses/{response}/conversation: gateway",
                "GET /internal/responses/{response}/run: gateway",
                "GET /internal/training/{job:guid}/training-file: inference",
                "GET /internal/training/{job:guid}/validation-file: inference",
                "GET /metrics: metrics, operator",
                "GET /v1/batches/{batch}: gateway, accounts",
                "GET /v1/batches: gateway, accounts",
                "GET /v1/files/{file}/content: gateway, accounts",
                "GET /v1/files/{file}/receipt: gateway, accounts",
                "GET /v1/files/{file}/validation: gateway, accounts",
                "GET /v1/files/{file}: gateway, accounts",
                "GET /v1/files: gateway, accounts",
                "GET /v1/fine_tuning/deployments/{deployment}: gateway, accounts",
                "GET /v1/fine_tuning/deployments: gateway, accounts",
                "GET /v1/fine_tuning/federated/{job}/result: gateway",
                "GET /v1/fine_tuning/federated/{job}/round: gateway",
                "GET /v1/fine_tuning/federated/{job}: gateway",
                "GET /v1/fine_tuning/federated: gateway",
                "GET /v1/fine_tuning/jobs/{job}/checkpoints: gateway, accounts",
                "GET /v1/fine_tuning/jobs/{job}/evaluation: gateway, accounts",
                "GET /v1/fine_tuning/jobs/{job}/events: gateway, accounts",
                "GET /v1/fine_tuning/jobs/{job}: gateway, accounts",
                "GET /v1/fine_tuning/jobs: gateway, accounts",
                "GET /v1/fine_tuning/models/{model}/receipt: gateway, accounts",
                "GET /v1/fine_tuning/models: gateway, accounts",
                "GET /v1/responses/{response}/input_items: gateway",
                "GET /v1/responses/{response}: gateway",
                "GET /v1/uploads/{upload}: gateway",
                "POST /v1/batches/{batch}/cancel: gateway, accounts",
                "POST /v1/batches: gateway, accounts",
                "POST /v1/files: gateway, accounts",
                "POST /v1/fine_tuning/deployments/{deployment}/rollback: gateway, accounts",
                "POST /v1/fine_tuning/deployments: gateway, accounts",
                "POST /v1/fine_tuning/federated/{job}/cancel: gateway",
                "POST /v1/fine_tuning/federated/{job}/messages: gateway",
                "POST /v1/fine_tuning/federated: gateway",
                "POST /v1/fine_tuning/jobs/{job}/cancel: gateway, accounts",
                "POST /v1/fine_tuning/jobs/{job}/pause: gateway, accounts",
                "POST /v1/fine_tuning/jobs/{job}/resume: gateway, accounts",
                "POST /v1/fine_tuning/jobs: gateway, accounts",
                "POST /v1/responses/{response}/cancel: gateway",
                "POST /v1/uploads/{upload}/cancel: gateway",
                "POST /v1/uploads/{upload}/complete: gateway",
                "POST /v1/uploads/{upload}/parts: gateway",
                "POST /v1/uploads: gateway",
                "PUT /internal/responses/{response}/run: gateway",
                "PUT /internal/responses/{response}: gateway",
                "PUT /internal/training/{job:guid}/result: inference",
            ],
            InternalDoors.Table(learning.App));
        Assert.Equal(["/health/live", "/health/ready"], InternalDoors.Open(learning.App));
        Assert.Empty(await InternalDoors.TryAllAsync(learning.App, "learning"));
    }
}
