using Microsoft.AspNetCore.Builder;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Endpoints;

public sealed class InternalDoorsTests
{
    [Fact]
    public async Task Each_internal_endpoint_answers_its_callers_and_no_other_bearer()
    {
        await using WebApplication app = InferenceApp.Create(
            WorkerFixture.Arguments(TestFolder.Create("repository"), TestFolder.Create("worker")));
        await app.StartAsync();

        Assert.Equal(
            [
                "GET /internal/status: gateway, operator",
                "GET /internal/witness: billing, operator",
                "GET /metrics: metrics, operator",
                "POST /internal/requests/{id}/cancel: gateway",
                "POST /predict: gateway",
                "POST /v1/audio/transcriptions: gateway",
                "POST /v1/audio/translations: gateway",
                "POST /v1/chat/completions: gateway",
                "POST /v1/classifications: gateway",
                "POST /v1/completions: gateway",
                "POST /v1/embeddings: gateway",
                "POST /v1/images/classifications: gateway",
                "POST /v1/images/detections: gateway",
                "POST /v1/images/generations: gateway",
                "POST /v1/images/ocr: gateway",
                "POST /v1/messages/count_tokens: gateway",
                "POST /v1/messages: gateway",
                "POST /v1/moderations: gateway",
                "POST /v1/rerank: gateway",
                "POST /v1/responses: gateway", "POST /v2/infer: gateway",
            ],
            InternalDoors.Table(app));
        Assert.Equal(["/health/live", "/health/ready"], InternalDoors.Open(app));
        Assert.Empty(await InternalDoors.TryAllAsync(app, "inference"));
    }
}
