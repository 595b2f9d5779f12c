namespace Tollgate.Accounts.Tests.Tenancy;

internal static partial class TenancyTable
{
    /// <summary>Forms of pages and other posts. Each is sent with a token of the person and values that would be taken.</summary>
    public static IReadOnlyList<TenancyRow> Posts { get; } =
    [
        // A column a person: signed out, alone; owner, admin, developer, billing, reader, custom role; foreign, sibling, operator.
        Form("/sign-in", "sign-in", "++ ++++++ +++"),
        Form("/sign-in", "passkey", "++ ++++++ +++"),
        Form("/sign-in/code", "code", "BB BBBBBB BBB", ("Input.Code", "123456")), // Nobody has given a password yet.
        Form("/sign-in/sso", "sso", "++ ++++++ +++"),
        Form("/sign-up", "sign-up", "++ ++++++ +++"),
        Form("/forgot-password", "forgot-password", "++ ++++++ +++"),
        Form("/reset-password", "reset-password", "++ ++++++ +++"),
        Form("/confirm-email", "confirm-email", "BB BBBBBB BBB", ("Input.Password", PortalBrowser.Password)),
        Form("/email/confirm", "new-address", "BB BBBBBB BBB"),
        Form("/email/undo", "old-address", "BB BBBBBB BBB"),
        Form("/invitations/{Token}", "join", "+B BBBBBB BBB", ("Input.Password", PortalBrowser.Password)) with { MayNameIt = true },
        Form("/invitations/{Token}", "accept", "BB BBBBBB BBB") with { MayNameIt = true },
        Post("/sign-out", "BB BBBBBB BBB") with { HasToken = false },
        Post("/sign-out/everywhere", "BB BBBBBB BBB") with { HasToken = false },
        Post("/stripe/webhook", "22 222222 222"),

        // The person's own account.
        Form("/account/delete", "delete-account", "S+ ++++++ +++"),
        Form("/account/email", "email", "S+ ++++++ +++"),
        Form("/account/identities", "remove *", "S+ ++++++ +++"),
        Form("/account/leaving", "keep-account", "S+ ++++++ +++"),
        Form("/account/passkeys", "remove", "S+ ++++++ +++"),
        Form("/account/passkeys/new", "new-passkey", "S+ ++++++ +++"),
        Form("/account/password", "password", "S+ ++++++ +++"),
        Form("/account/recovery-codes", "renew", "S+ ++++++ +++"),
        Form("/account/sessions", "end-others", "S+ ++++++ +++"),
        Form("/account/sessions", "end", "S+ ++++++ +++"),
        Form("/account/time-zone", "time-zone", "S+ ++++++ +++"),
        Form("/account/two-step", "begin", "S+ ++++++ +++"),
        Form("/account/two-step", "turn-on", "S+ ++++++ +++"),
        Form("/account/two-step", "turn-off", "S+ ++++++ +++"),
        Form("/confirm", "confirm", "S+ ++++++ +++"),
        Form("/organizations/new", "new-organization", "S+ ++++++ +++"),
        Form("/organizations", "join-{InvitationId}", "SB BBBBBB BBB"), // An invitation is its address's alone.
        Post("/account/time-zone/detected", "U2 222222 222", ("zone", "Europe/Lisbon")), // Nobody lacks a zone any more.
        Post("/switch", "S4 >>>>>> 4>4", ("to", "{OrganizationId}/{ProjectId}")),

        // The organization.
        Form("/members/{MemberId:guid}", "role", "SO ++FFFF BFB", ("Input.Role", "billing")),
        Form("/members/{MemberId:guid}/remove", "remove", "SO ++FFFF BFB"),
        Form("/members/invite", "invite", "SO ++FFFF +F+", ("Input.Email", "thief@example.com"), ("Input.Role", "reader")),
        Form("/members/invitations/{InvitationId:guid}", "resend", "SO ++FFFF BFB"),
        Form("/members/invitations/{InvitationId:guid}", "revoke", "SO ++FFFF BFB"),
        Form("/organization", "rename", "SO +FFFFF +F+", ("Input.Name", "Stolen")),
        Form("/organization/roles/new", "new-role", "SO +FFFFF +F+", ("Input.Name", "Stolen")),
        Form("/organization/roles/{RoleId:guid}", "role", "SO +FFFFF BFB", ("Input.Name", "Stolen"), ("Input.Permissions", "ManageKeys")),
        Form("/organization/roles/{RoleId:guid}", "delete", "SO +FFFFF BFB") with { Ids = Named("RoleId", "unusedRole") },
        Form("/organization/transfer", "transfer", "SO +FFFFF +F+", ("Input.Member", "{MemberId}"), ("Input.Name", TenancyWorld.Home)),
        Form("/organization/delete", "delete-organization", "SO +FFFFF +F+", ("Confirmation", TenancyWorld.Home)),
        Form("/organization/delete", "keep-organization", "SO +FFFFF +F+"),
        Form("/organization/admin-keys/new", "new-admin-key", "SO +FFFFF +F+", ("Input.Name", "Stolen")),
        Form("/organization/admin-keys/{AdminKeyId:guid}/revoke", "revoke", "SO +FFFFF BFB"),
        Form(
            "/organization/sign-in", "provider", "SO +FFFFF +F+", ("Input.Issuer", "https://login.example.com"), ("Input.ClientId", "c"),
            ("Input.ClientSecret", "s"), ("Input.AllowsPasswords", "true"), ("Input.NewMemberRole", "Developer")),
        Form("/organization/sign-in", "test", "SO +FFFFF +F+"),
        Form("/organization/sign-in", "domain", "SO +FFFFF +F+", ("NewDomain.Domain", "stolen.example")),
        Form("/organization/sign-in", "prove *", "SO +FFFFF +F+"),
        Form("/organization/sign-in/remove", "remove-provider", "SO +FFFFF +F+"),
        Form("/organization/sign-in/remove", "remove-domain", "SO +FFFFF +F+") with { Query = $"?domain={TenancyWorld.Domain}" },
        Form("/billing", "top-up", "SO ++F+FF +F+", ("Input.Amount", "25")),

        // Projects and keys. Nobody but its owner gets a new secret of a personal key.
        Form("/projects/new", "new-project", "SO ++FFFF +F+", ("Input.Name", "Stolen")),
        Form("/projects/{ProjectId:guid}", "rename", "SO ++FFFF BFB", ("Input.Name", "Stolen")),
        Form("/projects/{ProjectId:guid}", "settings", "SO ++FFFF BFB", ("Settings.SoftBudget", "1")),
        Form("/projects/{ProjectId:guid}", "add-member", "SO ++FFFF BFB", ("UserId", "{siblingUser}")),
        Form("/projects/{ProjectId:guid}/archive", "archive", "SO ++FFFF BFB"),
        Form("/projects/{ProjectId:guid}/members/{UserId:guid}/remove", "remove", "SO ++FFFF BFB"),
        Form("/projects/{ProjectId:guid}/service-accounts/new", "new-account", "SO ++FFFF BFB", ("Input.Name", "Stolen")),
        Form("/projects/{ProjectId:guid}/service-accounts/{AccountId:guid}/delete", "delete", "SO ++FFFF BFB"),
        Form("/project", "responses", "SO +++FFF +++"),
        Form("/project/delete-responses", "delete", "SO +++FFF +++"),
        Form("/keys/new", "new-key", "SO +++FFF +++", ("Input.Name", "Stolen")),
        Form("/keys/{KeyId:guid}", "toggle", "SO ++BFFF BBB", ("Wanted", "Disabled")),
        Form("/keys/{KeyId:guid}", "settings", "SO ++BFFF BBB", ("Input.Limits[rpm]", "1")),
        Form("/keys/{KeyId:guid}", "end-overlap", "SO ++BFFF BBB"),
        Form("/keys/{KeyId:guid}/revoke", "revoke", "SO ++BFFF BBB"),
        Form("/keys/{KeyId:guid}/rotate", "rotate", "SO +BBFFF BBB", ("Input.Version", "{keyVersion}"), ("Input.OverlapHours", "0")),

        // What belongs to a project.
        Post("/files/upload", "SO >>>FFF >>>", ("purpose", "nonsense")) with { IsMultipart = true },
        Form("/files/{FileId}/delete", "delete", "SO +++FFF BBB"),
        Form(
            "/batches/new", "new-batch", "SO +++FFF +++", ("Input.File", "{FileId}"), ("Input.Endpoint", "/v1/classifications"),
            ("Input.Key", "{keyPublicId}")),
        Form("/batches/{BatchId}", "cancel", "SO +++FFF BBB"),
        Form(
            "/fine-tuning/new", "new-job", "SO +++FFF +++", ("Input.Model", "lstm"), ("Input.TrainingFile", "{FileId}"),
            ("Input.Key", "{keyPublicId}")),
        Form("/fine-tuning/{JobId}", "order", "SO +++FFF BBB", ("Verb", "cancel")),
        Form("/fine-tuning/{JobId}", "deploy", "SO +++FFF BBB", ("Deploy.Name", "stolen")) with { Ids = Named("JobId", "trainedJob") },
        Form("/fine-tuning/{JobId}", "delete-model", "SO +++FFF BBB") with { Ids = Named("JobId", "trainedJob") },
        Deployment("try", ("Input.Text", "x"), ("Input.Key", "{keyPublicId}")),
        Deployment("rollback", ("From", "ft-1")),
        Deployment("delete"),

        // The operator's pages.
        Form("/admin/aliases", "alias", "S4 444444 44+", ("Input.Alias", "stolen"), ("Input.Model", "{model}")),
        Form("/admin/aliases", "hide", "S4 444444 44+", ("HideModel", "{model}")),
        Form("/admin/aliases", "show *", "S4 444444 44+"),
        Form("/admin/aliases/remove", "remove", "S4 444444 44+") with { Query = "?alias=text-davinci-002" },
        Form("/admin/books", "rejected *", "S4 444444 44+"),
        Form("/admin/domains", $"approve {{OrganizationId}} {TenancyWorld.Domain}", "S4 444444 44+"),
        Form("/admin/organizations/{OrganizationId:guid}", "limits", "S4 444444 44+", ("Input.Limits[rpm]", "1")),
        Form("/admin/organizations/{OrganizationId:guid}", "lift", "S4 444444 44+"),
        Form("/admin/organizations/{OrganizationId:guid}/suspend", "suspend", "S4 444444 44+", ("Reason", "stolen")),
        Form("/admin/prices", "price", "S4 444444 44+", ("Input.Model", "{model}"), ("Input.InputPerMillion", "0")),
        Form("/admin/prices/set", "set-price", "S4 444444 44+") with { Query = "?model={model}&inputPerMillion=0" },
        Form("/admin/prices/cancel", "cancel-price", "S4 444444 44+"),
        OfModel("weights"),
        OfModel("shadow"),
        OfModel("canary"),
        OfModel("promote"),
        OfModel("rollback"),
        OfModel("load"),
        OfModel("clear"),
        OfModel("unload", "/unload"),
        Post("/admin/jobs/{**path}", "S4 444444 44B") with { HasToken = false },

        // Forms that may be sent, with ids of the organization or of the project in their fields.
        Stolen("/keys/new", "new-key", "F.", ("Input.Name", "Stolen"), ("Input.ServiceAccount", "{AccountId}")),
        Stolen("/members/invite", "invite", "B.", ("Input.Email", "thief@example.com"), ("Input.Role", "{RoleId}")),
        Stolen("/organization/transfer", "transfer", "4.", ("Input.Member", "{MemberId}"), ("Input.Name", TenancyWorld.Elsewhere)),
        Stolen("/account/sessions", "end", ">>", ("SessionId", "{ownerSession}")),
        Stolen(
            "/batches/new", "new-batch", "22", ("Input.File", "{FileId}"), ("Input.Endpoint", "/v1/classifications"),
            ("Input.Key", "{keyPublicId}")),
        Stolen(
            "/fine-tuning/new", "new-job", "22", ("Input.Model", "lstm"), ("Input.TrainingFile", "{FileId}"),
            ("Input.Key", "{keyPublicId}")),
        Stolen("/projects/{ProjectId:guid}", "add-member", ">.", ("UserId", "{MemberId}")) with
        {
            Ids = Named("ProjectId", "foreignProject"),
        },
        Stolen("/members/{MemberId:guid}", "role", "B.", ("Input.Role", "{RoleId}")) with { Ids = Named("MemberId", "foreignUser") },
    ];

    private static TenancyRow Form(string pattern, string form, string expected, params (string Name, string Value)[] fields) =>
        Post(pattern, expected, fields) with { Form = form };

    private static TenancyRow Post(string pattern, string expected, params (string Name, string Value)[] fields) =>
        new("POST", pattern, expected) { Fields = fields };

    private static TenancyRow Deployment(string form, params (string Name, string Value)[] fields) =>
        Form("/fine-tuning/deployments/{Name}", form, "SO +++FFF BBB", fields) with { Ids = Named("Name", "deployment") };

    private static TenancyRow OfModel(string form, string more = "") =>
        Form($"/admin/models/{{Model}}{more}", form, "S4 444444 44+");

    /// <param name="expected">Of the foreign owner, then of the sibling.</param>
    private static TenancyRow Stolen(string pattern, string form, string expected, params (string Name, string Value)[] fields) =>
        Form(pattern, form, $".. ...... {expected}.", fields);
}
