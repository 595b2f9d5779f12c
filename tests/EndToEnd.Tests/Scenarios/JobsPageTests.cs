using Tollgate.EndToEnd.Tests.Portal;
using Tollgate.EndToEnd.Tests.Running;

namespace Tollgate.EndToEnd.Tests.Scenarios;

/// <summary>The dashboard of Billing's jobs, through the portal.</summary>
[Collection(SharedTollgate.Name)]
public sealed class JobsPageTests(SharedTollgate shared)
{
    [Fact]
    public async Task An_operator_starts_a_job_and_the_browser_has_nothing_to_complain_about()
    {
        await using var browser = await Browser.StartAsync();
        var (email, password) = shared.Running.FirstAdmin;
        var admin = await browser.VisitAsync(shared.Running.Endpoints.Portal, "jobs");
        await admin.SignInAsync(email, password);

        foreach (var page in (string[])["", "/servers", "/jobs/succeeded", "/retries"])
        {
            await admin.LookAtAsync("/admin/jobs" + page, "jobs");
        }

        var status = await admin.StartJobAsync("usage partitions");

        Assert.Equal(204, status);
        Assert.True(admin.ConsoleErrors.Count == 0, string.Join("\n", admin.ConsoleErrors));
    }
}
