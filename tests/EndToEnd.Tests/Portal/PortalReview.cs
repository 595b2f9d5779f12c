using Npgsql;
using Tollgate.EndToEnd.Tests.Running;

namespace Tollgate.EndToEnd.Tests.Portal;

/// <summary>Looks at every page of the portal with one look, and collects what is wrong.</summary>
internal sealed class PortalReview(RunningTollgate running, Browser browser, PortalStage stage, string name, Look look)
{
    /// <summary>Pages that organizations show before anything was made.</summary>
    private static readonly string[] EmptyPages =
    [
        "/overview", "/keys", "/usage", "/billing", "/files", "/batches", "/fine-tuning", "/projects", "/members", "/organization",
        "/organization/admin-keys", "/audit",
    ];

    private readonly List<string> _faults = [];
    private readonly Dictionary<string, string> _titles = new(StringComparer.Ordinal);
    private Visitor? _admin;
    private IReadOnlyDictionary<string, string> _values = new Dictionary<string, string>();

    /// <summary>Pages that failed, violations of rules of accessibility, and pages wider than the window.</summary>
    public IReadOnlyList<string> Faults => _faults;

    /// <summary>Titles of the pages that the operator was shown, by path.</summary>
    public IReadOnlyDictionary<string, string> Titles => _titles;

    /// <summary>Paths of the pages that the operator was shown.</summary>
    public IReadOnlyCollection<string> Reviewed => _titles.Keys;

    /// <summary>Pages that show a secret once. The names are as long as they may be.</summary>
    public async Task ReviewNewSecretsAsync()
    {
        _admin = await VisitAsync("admin");
        await _admin.SignInAsync(running.FirstAdmin.Email, running.FirstAdmin.Password);
        await _admin.CreateAdminKeyAsync(PortalStage.LongNamed($"{name}-admin"));
        await ReviewAsync(_admin, "new-admin-key");
        await _admin.CreateKeyAsync(PortalStage.LongNamed(name));
        await ReviewAsync(_admin, "new-key");
        await _admin.RotateFirstKeyAsync();
        await ReviewAsync(_admin, "rotated-key");
    }

    /// <summary>Every page of the portal: those behind the sign-in as the operator sees them, the others as a stranger does.</summary>
    public async Task ReviewPagesAsync()
    {
        var admin = _admin!;
        using var client = running.Client();
        var (keyId, organizationId, _) = await admin.FindIdsAsync();
        _values = await PortalPages.MakeAsync(client, stage, keyId, organizationId);
        foreach (var page in PortalPages.PathsOf(signedIn: true, _values))
        {
            if (await OpenAsync(admin, page) == 200 && page.StartsWith(admin.Path, StringComparison.Ordinal)) // Some lead on.
            {
                _titles[page] = await admin.TitleAsync();
            }
        }

        var stranger = await VisitAsync("stranger");
        foreach (var page in PortalPages.PathsOf(signedIn: false, _values).Append("/no-such-page"))
        {
            await OpenAsync(stranger, page);
        }

        await OpenAsync(admin, "/no-such-page");
        await admin.GoAsync("/overview");
        if (await admin.OpenMenuAsync())
        {
            await ReviewAsync(admin, "menu");
        }
    }

    /// <summary>A suspended organization without anything in it, one that is to be deleted, and an account that is.</summary>
    public async Task ReviewOthersAsync()
    {
        var member = await VisitAsync("member");
        await member.SignInAsync(PortalStage.Member, PortalStage.Password);
        await ReviewAsync(member, "overview-of-a-few-rights");
        await member.SwitchToAsync(PortalStage.Suspended);
        foreach (var page in EmptyPages)
        {
            await OpenAsync(member, page);
        }

        await member.SwitchToAsync(PortalStage.Closing);
        await OpenAsync(member, "/organization/delete");
        await OpenAsync(member, "/organizations");
        if (await member.OpenMenuAsync())
        {
            await ReviewAsync(member, "menu-of-three-organizations");
        }

        var leaver = await VisitAsync("leaver");
        await leaver.BeginSignInAsync(PortalStage.Leaver, PortalStage.Password, "Your account is to be deleted");
        await ReviewAsync(leaver, "account-leaving");
    }

    /// <summary>Two-step verification from the QR code to the sign-in that asks for a code.</summary>
    public async Task ReviewTwoStepAsync()
    {
        var member = await VisitAsync("two-step");
        await member.SignInAsync(PortalStage.Member, PortalStage.Password);
        await member.BeginTwoStepAsync();
        await ReviewAsync(member, "qr-code");
        await member.ConfirmTwoStepAsync();
        await ReviewAsync(member, "recovery-codes");
        foreach (var page in (string[])["/account", "/account/two-step", "/account/recovery-codes"])
        {
            await OpenAsync(member, page);
        }

        var again = await VisitAsync("code");
        await again.BeginSignInAsync(PortalStage.Member, PortalStage.Password, "Two-step verification");
        await ReviewAsync(again, "sign-in-code");
        await member.TurnTwoStepOffAsync();
    }

    /// <summary>The page that asks for a proof before a change. The operator's sessions are not fresh any more afterwards.</summary>
    public async Task ReviewConfirmationAsync()
    {
        await using var database = NpgsqlDataSource.Create(running.Endpoints.Postgres);
        await using var makeOld = database.CreateCommand("update accounts.sessions set authenticated_at = created_at - interval '1 hour'");
        await makeOld.ExecuteNonQueryAsync();
        await OpenAsync(_admin!, "/confirm?returnUrl=%2Faccount%2Ftwo-step");
    }

    private async Task<Visitor> VisitAsync(string who)
    {
        var visitor = await browser.VisitAsync(running.Endpoints.Portal, $"{who}-{name}", look);
        await visitor.AddAxeAsync();
        return visitor;
    }

    private async Task<int> OpenAsync(Visitor visitor, string page)
    {
        var complaints = visitor.ConsoleErrors.Count;
        var status = await visitor.OpenAsync(page);
        if (status >= 500 || (status == 200 && visitor.ConsoleErrors.Count > complaints))
        {
            _faults.Add($"{page}: {status} {string.Join(' ', visitor.ConsoleErrors.Skip(complaints))}");
        }

        await ReviewAsync(visitor, page == "/" ? "home" : page.Split('?')[0].Trim('/').Replace('/', '-'));
        return status;
    }

    private async Task ReviewAsync(Visitor visitor, string what) => _faults.AddRange(await visitor.ReviewAsync(what));
}
