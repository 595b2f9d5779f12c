using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Tollgate.Accounts.AdminApi;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Invitations;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Sessions;
using Tollgate.Accounts.Tests.Canaries;
using Tollgate.Accounts.Tests.Learning;
using Tollgate.Accounts.Tests.Members;
using Tollgate.Contracts.Catalogue;
using Tollgate.Contracts.Workers;

namespace Tollgate.Accounts.Tests.Tenancy;

/// <summary>
/// An organization with one of everything, in a project that not every member may use, and browsers of everybody who may ask for it. Names
/// of the organization contain <see cref="Mark"/>, those of the project <see cref="ProjectMark"/>.
/// </summary>
public sealed partial class TenancyWorld : IAsyncLifetime
{
    internal const string Mark = "zanzibar";
    internal const string ProjectMark = "kilimanjaro";
    internal const string Home = "House of zanzibar";
    internal const string Elsewhere = "Elsewhere";
    internal const string Domain = "zanzibar.example";

    private const string Line =
        """{"custom_id": "a", "method": "POST", "url": "/v1/classifications", "body": {"model": "tiny", "input": "x"}}""" + "\n";

    private const string Examples = """
        {"text": "I like it", "label": "good"}
        {"text": "I hate it", "label": "bad"}

        """;

    private readonly Dictionary<Person, PortalBrowser> _browsers = [];
    private readonly Dictionary<string, string> _ids = new(StringComparer.OrdinalIgnoreCase)
    {
        ["asset"] = "portal.css", ["code"] = "404", ["path"] = "", ["model"] = "plain",
    };

    private LearningBench _bench = null!;

    internal AccountsHost Host => _bench.Host;

    internal PortalBrowser this[Person person] => _browsers[person];

    private PortalBrowser Owner => _browsers[Person.Owner];

    public async Task InitializeAsync()
    {
        _bench = await LearningBench.StartAsync();
        _browsers[Person.SignedOut] = Host.Browse();
        _browsers[Person.Owner] = await Host.SignUpAsync(AddressOf("ada"));
        _ids["organizationId"] = (await Host.OrganizationOfAsync(AddressOf("ada"))).ToString();
        await Owner.SubmitAndFollowAsync("/organization", "rename", ("Input.Name", Home));
        await JoinAllAsync();
        await MakeProjectAsync();
        await MakeOrganizationsObjectsAsync();
        await MakeProjectsObjectsAsync();
        Serve();
        await MakeOthersAsync();
        await ReadIdsAsync();
    }

    public async Task DisposeAsync()
    {
        foreach (var browser in _browsers.Values)
        {
            browser.Dispose();
        }

        await _bench.DisposeAsync();
    }

    /// <summary>Replaces the parameters of a route, and names in braces elsewhere, by ids of the organization.</summary>
    /// <param name="missing">Replaces them by ids that nothing has.</param>
    internal string Fill(string text, TenancyRow row, bool missing = false) => Parameters().Replace(text, match =>
    {
        var name = match.Groups[1].Value;
        var id = _ids[row.Ids.GetValueOrDefault(name, name)];
        return missing ? Missing(id) : id;
    });

    /// <summary>See <see cref="OrganizationRows.ChecksumAsync"/>.</summary>
    internal Task<IReadOnlyDictionary<string, string>> ChecksumAsync() => Host.ChecksumAsync(Guid.Parse(_ids["organizationId"]));

    private async Task JoinAllAsync()
    {
        foreach (var name in (string[])["watcher", "spare"])
        {
            await Owner.SubmitAndFollowAsync("/organization/roles/new", "new-role", ("Input.Name", $"{Mark} {name}"));
        }

        await Host.InScopeAsync<AccountsDb, bool>(async db =>
        {
            var roles = await db.CustomRoles.ToListAsync();
            _ids["roleId"] = roles.Single(role => role.Name.EndsWith("watcher", StringComparison.Ordinal)).Id.ToString();
            _ids["unusedRole"] = roles.Single(role => role.Name.EndsWith("spare", StringComparison.Ordinal)).Id.ToString();
            return true;
        });
        foreach (var (person, role) in new[]
        {
            (Person.Admin, "admin"), (Person.Developer, "developer"), (Person.Billing, "billing"), (Person.Reader, "reader"),
            (Person.Custom, _ids["roleId"]), (Person.Sibling, "developer"),
        })
        {
            _browsers[person] = await Host.JoinAsync(Owner, AddressOf(person.ToString()), role);
        }

        using (await Host.JoinAsync(Owner, AddressOf("mia"), "reader"))
        {
            _ids["userId"] = _ids["memberId"] = (await Host.UserIdAsync(AddressOf("mia"))).ToString();
        }

        _browsers[Person.Alone] = await Host.JoinAsync(Owner, "alone@elsewhere.example", "reader");
        var alone = await Host.UserIdAsync("alone@elsewhere.example");
        await Owner.SubmitAndFollowAsync($"/members/{alone}/remove", "remove");
        _ids["siblingUser"] = (await Host.UserIdAsync(AddressOf(nameof(Person.Sibling)))).ToString();
    }

    private async Task MakeProjectAsync()
    {
        await Owner.SubmitAndFollowAsync("/projects/new", "new-project", ("Input.Name", ProjectMark));
        var project = await Host.InScopeAsync<AccountsDb, Guid>(
            db => db.Projects.Where(one => one.Name == ProjectMark).Select(one => one.Id).SingleAsync());
        _ids["projectId"] = project.ToString();
        Person[] named = [Person.Developer, Person.Billing, Person.Reader, Person.Custom];
        foreach (var name in (string[])[.. named.Select(person => person.ToString()), "mia"])
        {
            var userId = await Host.UserIdAsync(AddressOf(name));
            await Owner.SubmitAndFollowAsync($"/projects/{project}", "add-member", ("UserId", userId.ToString()));
        }

        foreach (var person in (Person[])[Person.Owner, Person.Admin, Person.Sibling, .. named])
        {
            await _browsers[person].SendAsync(
                "/switch", await _browsers[person].TokenAsync(), ("to", $"{_ids["organizationId"]}/{project}"));
        }
    }

    private async Task MakeOrganizationsObjectsAsync()
    {
        var key = PortalBrowser.PublicIdOf(await Owner.CreateKeyAsync($"{ProjectMark} key"));
        _ids["keyPublicId"] = key;
        await Owner.SubmitAndFollowAsync(
            $"/projects/{_ids["projectId"]}/service-accounts/new", "new-account", ("Input.Name", $"{ProjectMark} robot"));
        _ids["token"] = (await Owner.InviteAsync(AddressOf("new")))["/invitations/".Length..];
        await Owner.SubmitAsync("/organization/admin-keys/new", "new-admin-key", ("Input.Name", $"{Mark} terraform"));
        await Owner.SubmitAndFollowAsync("/organization/sign-in", "domain", ("NewDomain.Domain", Domain));
    }

    private async Task MakeProjectsObjectsAsync()
    {
        var gone = await LearningBench.AddFileAsync(Owner, Line, "batch", $"{ProjectMark}-gone.jsonl");
        await Owner.SubmitAndFollowAsync($"/files/{gone}/delete", "delete");
        var requests = await LearningBench.AddFileAsync(Owner, Line, "batch", $"{ProjectMark}.jsonl");
        var examples = await LearningBench.AddFileAsync(Owner, Examples, "fine-tune", $"{ProjectMark}-examples.jsonl");
        (_ids["fileId"], _ids["file"], _ids["deletedFile"]) = (requests, requests, gone);
        var batch = await Owner.SubmitAsync(
            "/batches/new", "new-batch", ("Input.File", requests), ("Input.Endpoint", "/v1/classifications"),
            ("Input.Key", _ids["keyPublicId"]));
        _ids["batchId"] = _ids["batch"] = LearningBench.PathOf(batch)["/batches/".Length..];
        foreach (var name in (string[])["trainedJob", "jobId"])
        {
            var made = await Owner.SubmitAsync(
                "/fine-tuning/new", "new-job", ("Input.Model", "lstm"), ("Input.TrainingFile", examples),
                ("Input.Key", _ids["keyPublicId"]), ("Input.Suffix", ProjectMark));
            _ids[name] = LearningBench.PathOf(made)["/fine-tuning/".Length..];
            if (name == "trainedJob")
            {
                _bench.Script.Change(job => (job["status"], job["fine_tuned_model"]) = ("succeeded", "ft-1"));
            }
        }

        _ids["job"] = _ids["jobId"];
        _bench.Script.Evaluation = JsonNode.Parse(
            """
            {"rows":2,"metrics":{"accuracy":1,"macro":{"precision":1,"recall":1,"f1":1},"micro":{"precision":1,"recall":1,"f1":1},
            "labels":[{"label":"kilimanjaro","precision":1,"recall":1,"f1":1,"rows":2}],"confusion":[[2]]},
            "accuracy_interval":{"low":0.6,"high":1},"macro_f1_interval":{"low":0.5,"high":1},"baselines":[],"mistakes":[],
            "label_noise":[]}
            """)!.AsObject();
        await Owner.SubmitAndFollowAsync($"/fine-tuning/{_ids["trainedJob"]}", "deploy", ("Deploy.Name", ProjectMark));
        _ids["deployment"] = ProjectMark;
    }

    /// <summary>A worker with a model of everybody, and one that the project has trained.</summary>
    private void Serve()
    {
        var (plain, own) = (Served.Version("plain", "1"), Served.Version($"ft-{ProjectMark}", "1"));
        own = own with
        {
            Card = own.Card with { Owner = new ModelOwner(Guid.Parse(_ids["organizationId"]), Guid.Parse(_ids["projectId"])) },
        };
        _ids["trainedModel"] = own.Card.Name;
        Host.Responder.Fleet = new(
            DateTimeOffset.UnixEpoch, [new FleetWorker("http://w:1", true, Served.Status("w", plain, own))]);
    }

    private async Task MakeOthersAsync()
    {
        var foreign = _browsers[Person.Foreign] = await Host.SignUpAsync("eve@elsewhere.example");
        await foreign.SubmitAndFollowAsync("/organization", "rename", ("Input.Name", Elsewhere));
        await foreign.SubmitAndFollowAsync("/projects/new", "new-project", ("Input.Name", "Shop"));
        using (await Host.JoinAsync(foreign, "zoe@elsewhere.example"))
        {
            // A member to whom the other organization could be given.
        }

        _ids["foreignUser"] = (await Host.UserIdAsync("eve@elsewhere.example")).ToString();
        foreach (var person in (Person[])[Person.Foreign, Person.Sibling])
        {
            // Forms of batches and jobs are shown to whom has something to choose.
            await _browsers[person].CreateKeyAsync("own");
            await LearningBench.AddFileAsync(_browsers[person], Line, "batch");
            await LearningBench.AddFileAsync(_browsers[person], Examples, "fine-tune");
        }

        _browsers[Person.Operator] = await Host.BrowseAsOperatorAsync();
    }

    private async Task ReadIdsAsync()
    {
        var organization = Guid.Parse(_ids["organizationId"]);
        var owner = await Host.UserIdAsync(AddressOf("ada"));
        await Host.InScopeAsync<AccountsDb, bool>(async db =>
        {
            var publicId = _ids["keyPublicId"];
            var key = await db.ApiKeys.SingleAsync(one => one.PublicId == publicId);
            (_ids["keyId"], _ids["keyVersion"]) = (key.Id.ToString(), key.Version.ToString());
            _ids["accountId"] = (await db.ServiceAccounts.SingleAsync()).Id.ToString();
            _ids["invitationId"] = (await db.OpenInvitations.SingleAsync()).Id.ToString();
            _ids["adminKeyId"] = (await db.AdminKeys.SingleAsync()).Id.ToString();
            _ids["foreignProject"] = (await db.Projects.SingleAsync(one => one.Name == "Shop")).Id.ToString();
            _ids["ownerSession"] = (await db.Sessions.FirstAsync(one => one.UserId == owner)).Id.ToString();
            var entry = await db.AuditEntries.Where(one => one.OrganizationId == organization)
                .OrderByDescending(one => one.Id).FirstAsync();
            (_ids["entryNumber"], _ids["entryId"]) = ($"{entry.Number}", $"{entry.Id}");
            await db.Users.ExecuteUpdateAsync(set => set.SetProperty(user => user.TimeZone, "UTC")); // Else a post would choose one.
            return true;
        });
    }

    private static string AddressOf(string name) => $"{name.ToLowerInvariant()}@{Domain}";

    /// <summary>An id of the same form that nothing has.</summary>
    private static string Missing(string id) =>
        Guid.TryParse(id, out _) ? Guid.NewGuid().ToString()
        : long.TryParse(id, out _) ? "999999999"
        : Digits().IsMatch(id) ? Digits().Replace(id, Guid.NewGuid().ToString("N")) : "nothing";

    [GeneratedRegex(@"\{\**(\w+)(?::[^}]*)?\}")]
    private static partial Regex Parameters();

    [GeneratedRegex("[0-9a-f]{32}")]
    private static partial Regex Digits();
}
