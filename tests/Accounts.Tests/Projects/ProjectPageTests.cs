using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Tests.Learning;
using Tollgate.Contracts.Json;
using Tollgate.Contracts.Keys;
using Tollgate.Contracts.Learning;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.Projects;

/// <summary>The project's setting for responses.</summary>
public sealed class ProjectPageTests : IAsyncLifetime
{
    private const string Saved = "in force from the next request on";
    private LearningBench _bench = null!;
    private PortalBrowser _ada = null!;

    public async Task InitializeAsync()
    {
        _bench = await LearningBench.StartAsync();
        _ada = await _bench.Host.SignUpAsync();
    }

    public async Task DisposeAsync()
    {
        _ada.Dispose();
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task Responses_are_kept_until_the_box_is_unticked_and_gateways_learn_of_it()
    {
        var project = await ProjectAsync();
        var before = await _ada.OpenAsync("/project");

        var off = await _ada.SubmitAndFollowAsync("/project", "responses");
        var forbidden = await PolicyAsync(project.OrganizationId);
        var unchanged = await _ada.SubmitAndFollowAsync("/project", "responses");
        var on = await _ada.SubmitAndFollowAsync("/project", "responses", ("Keep", "true"));
        var allowed = await PolicyAsync(project.OrganizationId);

        Assert.Contains(" checked", before.Html, StringComparison.Ordinal);
        Assert.Contains(Saved, off.Html, StringComparison.Ordinal);
        Assert.DoesNotContain(" checked", off.Html, StringComparison.Ordinal);
        Assert.Equal([project.Id.ToString("N")], forbidden.KeepNoResponses);
        Assert.Contains(Saved, unchanged.Html, StringComparison.Ordinal);
        Assert.Contains(" checked", on.Html, StringComparison.Ordinal);
        Assert.Null(allowed.KeepNoResponses);
        Assert.True(string.CompareOrdinal(allowed.Version.ToString("N"), forbidden.Version.ToString("N")) > 0);
        Assert.Equal(
            allowed.Version.ToString("N"),
            (string?)await (await _bench.Host.OpenRedisAsync()).HashGetAsync(
                RedisNames.Organization(project.OrganizationId), RedisNames.PolicyVersionField));
        Assert.Equal(["project.responses.discard", "project.responses.keep"], await AuditAsync(project.Id));
    }

    [Fact]
    public async Task All_kept_responses_are_deleted_after_a_question()
    {
        var project = await ProjectAsync();
        await KeepAsync(project);
        await KeepAsync(project);

        var question = await _ada.OpenAsync("/project/delete-responses");
        var after = await _ada.SubmitAndFollowAsync("/project/delete-responses", "delete");
        var again = await _ada.SubmitAndFollowAsync("/project/delete-responses", "delete");

        Assert.Contains("cannot be brought back", question.Html, StringComparison.Ordinal);
        Assert.Contains("2 responses were deleted.", after.Html, StringComparison.Ordinal);
        Assert.Contains("0 responses were deleted.", again.Html, StringComparison.Ordinal);
        Assert.Equal(["project.responses.delete", "project.responses.delete"], await AuditAsync(project.Id));
    }

    [Fact]
    public async Task A_viewer_reads_the_setting_and_changes_nothing()
    {
        var project = await ProjectAsync();
        var change = await _ada.HiddenFieldsAsync("/project", "responses");
        var delete = await _ada.HiddenFieldsAsync("/project/delete-responses", "delete");
        await KeepAsync(project);
        await _bench.SetRoleAsync(MemberRole.Reader);

        var page = await _ada.OpenAsync("/project");
        await _ada.SendAsync("/project", change);
        await _ada.SendAsync("/project/delete-responses", delete);

        Assert.Contains("<dd>on</dd>", page.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("type=\"checkbox\"", page.Html, StringComparison.Ordinal);
        Assert.True((await ProjectAsync()).KeepsResponses);
        Assert.Empty(await AuditAsync(project.Id));
    }

    [Fact]
    public async Task While_Learning_is_away_the_deletion_says_so_and_the_setting_can_be_changed()
    {
        await _bench.StopLearningAsync();

        var deletion = await _ada.SubmitAsync("/project/delete-responses", "delete");
        var off = await _ada.SubmitAndFollowAsync("/project", "responses");

        Assert.Equal(HttpStatusCode.OK, deletion.Status);
        Assert.Contains("not reachable right now", deletion.Html, StringComparison.Ordinal);
        Assert.Contains(Saved, off.Html, StringComparison.Ordinal);
    }

    private Task<Project> ProjectAsync() =>
        _bench.Host.InScopeAsync<AccountsDb, Project>(db => db.Projects.AsNoTracking().SingleAsync());

    private async Task<OrganizationPolicy> PolicyAsync(Guid organizationId)
    {
        string? json = await (await _bench.Host.OpenRedisAsync()).StringGetAsync(RedisNames.Policy(organizationId));
        return JsonSerializer.Deserialize(json!, ContractsJson.Default.OrganizationPolicy)!;
    }

    private Task<List<string>> AuditAsync(Guid subject) => _bench.Host.InScopeAsync<AccountsDb, List<string>>(
        db => db.AuditEntries.Where(entry => entry.Subject == subject.ToString()).OrderBy(entry => entry.Id)
            .Select(entry => entry.Action).ToListAsync());

    /// <summary>Keeps a response of the project, as a gateway does.</summary>
    private async Task KeepAsync(Project project)
    {
        var id = $"resp_{Guid.NewGuid():N}";
        using var http = new HttpClient { BaseAddress = new Uri(_bench.Script.Url) };
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/internal/responses/{id}")
        {
            Content = new StringContent(
                $$$"""{"input":[],"response":{"id":"{{{id}}}","model":"m","status":"completed","output":[]}}""",
                Encoding.UTF8, "application/json"),
            Headers =
            {
                { LearningHeaders.Organization, project.OrganizationId.ToString("N") },
                { LearningHeaders.Project, project.Id.ToString("N") },
                { LearningHeaders.Key, LearningHeaders.NoKey },
            },
        };
        request.Headers.Authorization = TestBearers.Header("gateway", "learning");
        using var response = await http.SendAsync(request);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }
}
