using System.Text.Json;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Learning;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Tests.Deployments;
using Tollgate.Learning.Tests.Responses;
using Tollgate.Testing;

namespace Tollgate.Learning.Tests.Departures;

public sealed class OrganizationDepartureTests(LearningFixture learning) : IClassFixture<LearningFixture>
{
    private const string Line = """{"custom_id":"a","method":"POST","url":"/v1/embeddings","body":{"model":"m","input":"x"}}""";

    [Fact]
    public async Task Everything_of_an_organization_is_destroyed_in_all_projects_and_nothing_of_another_one()
    {
        var caller = LearningFixture.NewCaller();
        var elsewhere = caller with { ProjectId = Guid.NewGuid() };
        var other = LearningFixture.NewCaller();
        var file = await AddAsync(caller);
        await AddAsync(elsewhere);
        var kept = await AddAsync(other);
        await new PlantedModel { Name = $"m-{caller.OrganizationId:N}", Suffix = "secret" }.AddAsync(learning.App, caller);
        await new ResponseBench(learning) { Caller = caller }.KeepAsync("question", "answer");
        var input = await AddAsync(caller, "batch", Line);
        await learning.ExecuteAsync($"""
            insert into batches (organization_id, project_id, id, key_id, key_public_id, input_file_id, endpoint, metadata, status,
              created_at, expires_at, runner, runner_until)
            values ('{caller.OrganizationId}', '{caller.ProjectId}', gen_random_uuid(), '{caller.KeyId}', 'key',
              '{PublicIds.Parse(input, "file-")}', '/v1/embeddings', 'secret', 'in_progress', now(), now(), gen_random_uuid(),
              now() + interval '1 hour')
            """);

        var first = await DestroyAsync(caller.OrganizationId);
        var second = await DestroyAsync(caller.OrganizationId);

        Assert.Equal((3, 1, 1, 1, false), (first.Files, first.Models, first.Responses, first.Batches, first.IsDone));
        Assert.Equal(first with { IsDone = true }, second);
        Assert.Equal(0, await CountAsync("files where (wrapped_key is not null or name <> '')", caller));
        Assert.Equal(0, await CountAsync("tuned_models where (wrapped_key is not null or suffix is not null)", caller));
        Assert.Equal(0, await CountAsync("responses where content is not null", caller));
        Assert.Equal(1, await CountAsync("batches where status = 'cancelled' and metadata is null and runner is null", caller));
        Assert.Equal(0, await learning.ReadAsync<long>(
            "select responses from response_totals where organization_id = $1", caller.OrganizationId));
        using var gone = await learning.SendAsync(caller, HttpMethod.Get, $"/v1/files/{file}/content");
        using var receipt = await learning.SendAsync(caller, HttpMethod.Get, $"/v1/files/{file}/receipt");
        Assert.Equal((404, 200), ((int)gone.StatusCode, (int)receipt.StatusCode));
        Assert.Equal(Line, System.Text.Encoding.UTF8.GetString(await learning.DownloadAsync(other, kept)));
    }

    [Fact]
    public async Task An_organization_without_contents_is_done_at_once()
    {
        var nothing = await DestroyAsync(Guid.NewGuid());

        Assert.Equal(new DestroyedContents(0, 0, 0, 0, 0, 0, IsDone: true), nothing);
    }

    private async Task<string> AddAsync(FileCaller caller, string purpose = "user_data", string text = Line) =>
        (await learning.CreateAsync(caller, System.Text.Encoding.UTF8.GetBytes(text), purpose)).GetProperty("id").GetString()!;

    private Task<long> CountAsync(string what, FileCaller caller) =>
        learning.ReadAsync<long>($"select count(*) from {what} and organization_id = $1", caller.OrganizationId);

    private async Task<DestroyedContents> DestroyAsync(Guid organizationId)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"/internal/organizations/{organizationId}/contents");
        request.Headers.Authorization = TestBearers.Header("accounts", "learning");
        using var response = await learning.Http.SendAsync(request);
        Assert.Equal(200, (int)response.StatusCode);
        return JsonSerializer.Deserialize(
            await response.Content.ReadAsByteArrayAsync(), ContractsJson.Default.DestroyedContents)!;
    }
}
