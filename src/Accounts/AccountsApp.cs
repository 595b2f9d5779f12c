using Microsoft.Extensions.Options;
using Tollgate.Accounts.Admin;
using Tollgate.Accounts.Audit;
using Tollgate.Accounts.Batches;
using Tollgate.Accounts.Canaries;
using Tollgate.Accounts.Catalogue;
using Tollgate.Accounts.CredentialLimits;
using Tollgate.Accounts.Credentials;
using Tollgate.Accounts.Database;
using Tollgate.Accounts.Files;
using Tollgate.Accounts.FineTuning;
using Tollgate.Accounts.Fleet;
using Tollgate.Accounts.Housekeeping;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Learning;
using Tollgate.Accounts.Mail;
using Tollgate.Accounts.ModelVersions;
using Tollgate.Accounts.Money;
using Tollgate.Accounts.Operators;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Outbox;
using Tollgate.Accounts.Portal;
using Tollgate.Accounts.Prices;
using Tollgate.Accounts.Sessions;
using Tollgate.Accounts.Site;
using Tollgate.ServiceDefaults;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Accounts;

/// <summary>Composition root of the service.</summary>
public static class AccountsApp
{
    /// <summary>Builds the service without starting it, so a host can run it alone or beside other services.</summary>
    /// <exception cref="InvalidOperationException">The portal is public, but its mail goes to a folder or has no server.</exception>
    public static WebApplication Create(string[] args)
    {
        var builder = PlatformHost.CreateBuilder(args, typeof(AccountsApp).Assembly);
        builder.AddServiceDefaults();
        builder.AddPostgres();
        builder.AddRedis();
        builder.AddAccountsDb();
        builder.AddPortal();
        builder.AddAudit();
        builder.AddOutbox();
        builder.AddOrganizations();
        builder.AddKeys();
        builder.AddSessions();
        builder.AddCredentialLimits();
        builder.AddMail();
        builder.AddCredentials();
        builder.AddOperators();
        builder.AddCatalogue();
        builder.AddMoney();
        builder.AddFleet();
        builder.AddCanaries();
        builder.AddModelVersions();
        builder.AddPrices();
        builder.AddLearning();
        builder.AddFiles();
        builder.AddFineTuning();
        builder.AddAdmin();
        builder.AddSite();
        builder.Services.AddHostedService<HourlyCleanup>();

        var app = builder.Build();
        app.Services.GetRequiredService<PortalAddress>().ListensAt(() => app.Url(ListenerKind.Public));
        MailSetup.RefuseFolderInPublic(
            app.Services.GetRequiredService<IOptions<MailOptions>>().Value, app.Services.GetRequiredService<PortalAddress>());
        app.UseSite();
        app.MapServiceDefaults();
        app.MapKeys();
        app.MapOperators();
        app.MapCatalogue();
        app.MapFleet();
        app.MapCanaries();
        app.MapModelVersions();
        app.MapPrices();
        app.MapStripeRelay();
        app.MapSessions();
        app.MapFiles();
        app.MapBatches();
        app.MapFineTuning();
        app.MapAdmin();
        app.MapSite();
        return app;
    }

    /// <summary>Brings the schema up to date.</summary>
    public static async Task MigrateAsync(string[] args, CancellationToken cancellationToken)
    {
        var builder = PlatformHost.CreateBuilder(args, typeof(AccountsApp).Assembly);
        await using var dataSource = PostgresExtensions.CreateDataSource(builder.Configuration);
        await SchemaMigrations.RunAsync(dataSource, typeof(AccountsApp).Assembly, "accounts", cancellationToken);
    }
}
