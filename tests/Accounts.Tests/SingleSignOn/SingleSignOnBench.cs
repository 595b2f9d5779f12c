using System.Net;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.SingleSignOn;
using Tollgate.Testing.SingleSignOn;
using Tollgate.Testing;

namespace Tollgate.Accounts.Tests.SingleSignOn;

/// <summary>The service, a provider, a name server, and an organization whose owner has connected them by the pages.</summary>
internal sealed class SingleSignOnBench : IAsyncDisposable
{
    public const string Owner = "owner@acme.example";
    public const string Settings = "/organization/sign-in";

    private SingleSignOnBench(
        AccountsHost host, StandInProvider provider, TextRecordServer names, PortalBrowser owner, Guid organizationId) =>
        (Host, Provider, Names, OwnerBrowser, OrganizationId) = (host, provider, names, owner, organizationId);

    public AccountsHost Host { get; }

    public StandInProvider Provider { get; }

    public TextRecordServer Names { get; }

    public PortalBrowser OwnerBrowser { get; }

    public Guid OrganizationId { get; }

    /// <param name="more">Settings of Accounts.</param>
    public static async Task<SingleSignOnBench> StartAsync(params string[] more)
    {
        var names = new TextRecordServer();
        var host = await AccountsHost.StartAsync(
            null, ["--SingleSignOn:AllowPrivateProviders=true", $"--SingleSignOn:NameServer={names.Address}", .. more]);
        // With sign-up closed the organization is the operator's.
        var owner = more.Contains("--Portal:OpenSignUp=false") ? await host.BrowseAsOperatorAsync() : await host.SignUpAsync(Owner);
        var organizationId = await host.InScopeAsync<AccountsDb, Guid>(db => db.Organizations.Select(o => o.Id).SingleAsync());
        return new SingleSignOnBench(host, await StandInProvider.StartAsync(), names, owner, organizationId);
    }

    /// <summary>A bench whose provider and domain are in use.</summary>
    public static async Task<SingleSignOnBench> ConnectedAsync(params (string Name, string Value)[] fields)
    {
        var bench = await StartAsync();
        await bench.ConnectAsync(bench.Provider, fields);
        await bench.CaptureAsync("acme.example");
        return bench;
    }

    /// <summary>Sets a provider by the page.</summary>
    /// <param name="fields">Fields of the form beyond issuer, client and secret. A box that is not named is not ticked.</param>
    public async Task ConnectAsync(StandInProvider provider, params (string Name, string Value)[] fields)
    {
        provider.RedirectUris[CallbackUrl] = true;
        var saved = await SaveAsync(
            [("Input.Issuer", provider.Issuer), ("Input.ClientId", StandInProvider.ClientId),
             ("Input.ClientSecret", StandInProvider.ClientSecret), .. fields]);
        Assert.True(saved.Status == HttpStatusCode.Redirect, saved.Html);
    }

    /// <summary>Sends the form of the provider.</summary>
    public Task<Page> SaveAsync(params (string Name, string Value)[] fields) => OwnerBrowser.SubmitAsync(
        Settings, "provider", [("Input.NewMemberRole", "Developer"), .. fields.GroupBy(f => f.Name).Select(g => g.Last())]);

    /// <summary>Adds a domain and proves it.</summary>
    public async Task CaptureAsync(string domain)
    {
        await OwnerBrowser.SubmitAndFollowAsync(Settings, "domain", ("NewDomain.Domain", domain));
        var row = await Host.InScopeAsync<AccountsDb, CapturedDomain>(
            db => db.CapturedDomains.SingleAsync(d => d.Domain == domain && d.OrganizationId == OrganizationId));
        Names.Records[row.RecordName] = row.RecordText;
        await OwnerBrowser.SubmitAndFollowAsync(Settings, $"prove {domain}");
    }

    public string CallbackUrl => $"{Host.PublicUrl}/sso/{OrganizationId}/callback";

    /// <summary>Goes to the provider and back. Returns where the portal leads in the end.</summary>
    public async Task<string> SignInAsync(PortalBrowser browser, StandInPerson person, string? start = null) =>
        await ReturnAsync(browser, await LeaveAsync(browser, person, start));

    /// <summary>Goes to the provider. Returns the path of its answer at the portal.</summary>
    public async Task<string> LeaveAsync(PortalBrowser browser, StandInPerson person, string? start = null)
    {
        Provider.Person = person;
        var leaving = await browser.OpenAsync(start ?? $"/sso/{OrganizationId}/start");
        Assert.StartsWith(Provider.Issuer, leaving.Location, StringComparison.Ordinal);
        return new Uri(await StandInProvider.FollowAsync(leaving.Location!)).PathAndQuery;
    }

    /// <summary>Takes the provider's answer to the portal. Returns where the portal leads in the end.</summary>
    public static async Task<string> ReturnAsync(PortalBrowser browser, string answer)
    {
        var back = await browser.OpenAsync(answer);
        Assert.Equal(HttpStatusCode.Redirect, back.Status);
        return back.Location!.StartsWith("/sso/enter", StringComparison.Ordinal)
            ? (await browser.OpenAsync(back.Location)).Location!
            : back.Location;
    }

    /// <summary>Makes an account with an organization of its own.</summary>
    public async Task SignUpAsync(string email)
    {
        using var browser = await Host.SignUpAsync(email);
    }

    public Task<T> QueryAsync<T>(Func<AccountsDb, Task<T>> query) => Host.InScopeAsync(query);

    public Task<int> CountUsersAsync() => QueryAsync(db => db.Users.CountAsync());

    /// <summary>Address and role of each member, by address.</summary>
    public async Task<string> MembersAsync() => string.Join(' ', await QueryAsync(db => (
        from membership in db.Memberships
        where membership.OrganizationId == OrganizationId
        join user in db.Users on membership.UserId equals user.Id
        orderby user.Email
        select $"{user.Email}:{membership.Role}").ToListAsync()));

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(PostgresServer.SeeingAll(Host.Postgres));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Whether a browser has a session.</summary>
    public static async Task<bool> IsSignedInAsync(PortalBrowser browser) =>
        (await browser.OpenAsync("/overview")).Status == HttpStatusCode.OK;

    /// <summary>The fault that an address of the portal names.</summary>
    public static string FaultIn(string path) => path.Split("fault=") is [_, var rest] ? rest.Split('&')[0] : path;

    public async ValueTask DisposeAsync()
    {
        OwnerBrowser.Dispose();
        await Host.DisposeAsync();
        await Provider.DisposeAsync();
        await Names.DisposeAsync();
    }
}
