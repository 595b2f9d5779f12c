using Tollgate.Gateway.Tests.Calls;
using Tollgate.Testing;

namespace Tollgate.Gateway.Tests.Hosting;

public sealed class InternalDoorsTests(SharedGateway shared) : IClassFixture<SharedGateway>
{
    [Fact]
    public async Task Each_internal_endpoint_answers_its_callers_and_no_other_bearer()
    {
        var app = shared.Gateway.App;

        Assert.Equal(
            [
                "GET /internal/fleet: accounts, learning, operator", "GET /metrics: metrics, operator",
                "POST /internal/calls/predict: learning", "POST /internal/calls/v1/audio/transcriptions: learning",
                "POST /internal/calls/v1/audio/translations: learning", "POST /internal/calls/v1/chat/completions: learning",
                "POST /internal/calls/v1/classifications: learning, accounts", "POST /internal/calls/v1/completions: learning",
                "POST /internal/calls/v1/embeddings: learning", "POST /internal/calls/v1/engines/{engine}/completions: learning",
                "POST /internal/calls/v1/fine_tuning/runs: learning",
                "POST /internal/calls/v1/images/classifications: learning", "POST /internal/calls/v1/images/detections: learning",
                "POST /internal/calls/v1/images/generations: learning", "POST /internal/calls/v1/images/ocr: learning",
                "POST /internal/calls/v1/messages/count_tokens: learning", "POST /internal/calls/v1/messages: learning",
                "POST /internal/calls/v1/moderations: learning", "POST /internal/calls/v1/predict: learning",
                "POST /internal/calls/v1/rerank: learning", "POST /internal/calls/v1/responses: learning",
                "POST /internal/calls/v2/models/{model}/infer: learning",
                "POST /internal/calls/v2/models/{model}/versions/{version}/infer: learning",
                "POST /internal/calls/v2/rerank: learning",
                "POST /internal/tills/{organizationId:guid}: operator",
            ],
            InternalDoors.Table(app));
        Assert.Empty(await InternalDoors.TryAllAsync(app, "gateway"));
        Assert.Equal(
            [
                "/docs", "/docs/favicon.svg", "/docs/scalar.aspnetcore.js", "/docs/scalar.js", "/health/live", "/health/ready",
                "/openapi/v1.json", "/predict", "/v1/audio/transcriptions", "/v1/audio/translations", "/v1/batches", "/v1/batches/{batch}",
                "/v1/batches/{batch}/cancel", "/v1/chat/completions",
                "/v1/classifications", "/v1/completions", "/v1/embeddings", "/v1/engines/{engine}/completions", "/v1/files",
                "/v1/files/{file}", "/v1/files/{file}/content", "/v1/files/{file}/receipt", "/v1/files/{file}/validation",
                "/v1/fine_tuning/deployments", "/v1/fine_tuning/deployments/{deployment}",
                "/v1/fine_tuning/deployments/{deployment}/rollback", "/v1/fine_tuning/federated",
                "/v1/fine_tuning/federated/{job}", "/v1/fine_tuning/federated/{job}/cancel",
                "/v1/fine_tuning/federated/{job}/messages", "/v1/fine_tuning/federated/{job}/result",
                "/v1/fine_tuning/federated/{job}/round", "/v1/fine_tuning/jobs", "/v1/fine_tuning/jobs/{job}",
                "/v1/fine_tuning/jobs/{job}/cancel", "/v1/fine_tuning/jobs/{job}/checkpoints", "/v1/fine_tuning/jobs/{job}/evaluation",
                "/v1/fine_tuning/jobs/{job}/events", "/v1/fine_tuning/jobs/{job}/pause", "/v1/fine_tuning/jobs/{job}/resume",
                "/v1/fine_tuning/models", "/v1/fine_tuning/models/{model}", "/v1/fine_tuning/models/{model}/receipt",
                "/v1/images/classifications", "/v1/images/detections", "/v1/images/generations", "/v1/images/ocr", "/v1/messages",
                "/v1/messages/count_tokens", "/v1/models",
                "/v1/models/{*model}",
                "/v1/moderations",
                "/v1/organization/admin_api_keys", "/v1/organization/admin_api_keys/{key}", "/v1/organization/audit_logs",
                "/v1/organization/costs", "/v1/organization/data_retention", "/v1/organization/invites",
                "/v1/organization/invites/{invite}", "/v1/organization/projects", "/v1/organization/projects/{project}",
                "/v1/organization/projects/{project}/api_keys", "/v1/organization/projects/{project}/api_keys/{key}",
                "/v1/organization/projects/{project}/archive", "/v1/organization/projects/{project}/data_retention",
                "/v1/organization/projects/{project}/model_permissions", "/v1/organization/projects/{project}/rate_limits",
                "/v1/organization/projects/{project}/rate_limits/{limit}", "/v1/organization/projects/{project}/service_accounts",
                "/v1/organization/projects/{project}/service_accounts/{account}",
                "/v1/organization/projects/{project}/service_accounts/{account}/api_keys",
                "/v1/organization/projects/{project}/spend_alerts", "/v1/organization/projects/{project}/spend_alerts/{alert}",
                "/v1/organization/projects/{project}/spend_limit", "/v1/organization/projects/{project}/users",
                "/v1/organization/projects/{project}/users/{user}", "/v1/organization/roles", "/v1/organization/roles/{role}",
                "/v1/organization/spend_alerts", "/v1/organization/spend_alerts/{alert}", "/v1/organization/spend_limit",
                "/v1/organization/usage/audio_transcriptions", "/v1/organization/usage/completions", "/v1/organization/usage/embeddings",
                "/v1/organization/usage/images", "/v1/organization/usage/moderations", "/v1/organization/users",
                "/v1/organization/users/{user}", "/v1/organization/users/{user}/roles", "/v1/organization/users/{user}/roles/{role}",
                "/v1/predict", "/v1/rerank", "/v1/responses", "/v1/responses/{response}",
                "/v1/responses/{response}/cancel",
                "/v1/responses/{response}/input_items", "/v1/uploads", "/v1/uploads/{upload}", "/v1/uploads/{upload}/cancel",
                "/v1/uploads/{upload}/complete", "/v1/uploads/{upload}/parts", "/v2", "/v2/health/live",
                "/v2/health/ready", "/v2/models/{model}", "/v2/models/{model}/infer", "/v2/models/{model}/ready",
                "/v2/models/{model}/versions/{version}", "/v2/models/{model}/versions/{version}/infer",
                "/v2/models/{model}/versions/{version}/ready", "/v2/rerank", "/{**rest}",
            ],
            InternalDoors.Open(app));
    }
}
