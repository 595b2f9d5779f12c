using Microsoft.Extensions.Options;
using Tollgate.Accounts.Admin;
using Tollgate.Accounts.Catalogue;
using Tollgate.Accounts.CredentialLimits;
using Tollgate.Accounts.Fleet;
using Tollgate.Accounts.Keys;
using Tollgate.Accounts.Mail;
using Tollgate.Accounts.Money;
using Tollgate.Accounts.Organizations;
using Tollgate.Accounts.Outbox;
using Tollgate.Accounts.Portal;
using Tollgate.Accounts.Sessions;
using Tollgate.Accounts.Users;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Accounts;

/// <summary>Composition root of the service.</summary>
public static class AccountsApp
{
    /// <summary>Builds the service without starting it; the caller decides whether it runs alone or beside others.</summary>
    /// <exception cref="InvalidOperationException">The portal would be public while its mail goes to a folder.</exception>
    public static WebApplication Create(string[] args)
    {
        var builder = PlatformHost.CreateBuilder(args, typeof(AccountsApp).Assembly);
        builder.AddServiceDefaults();
        builder.AddPostgres();
        builder.AddRedis();
        builder.AddAccountsDb();
        builder.AddUsers();
        builder.AddSessions();
        builder.AddCredentialLimits();
        builder.AddMail();
        builder.AddOrganizations();
        builder.AddKeys();
        builder.AddCatalogue();
        builder.AddOutbox();
        builder.AddMoney();
        builder.AddFleet();
        builder.AddPortal();

        var app = builder.Build();
        app.Services.GetRequiredService<PortalAddress>().ListensAt(() => app.Url(ListenerKind.Public));
        MailSetup.RefuseFolderInPublic(
            app.Services.GetRequiredService<IOptions<MailOptions>>().Value, app.Services.GetRequiredService<PortalAddress>());
        app.UsePortal();
        app.MapServiceDefaults();
        app.MapKeys();
        app.MapCatalogue();
        app.MapFleet();
        app.MapStripeRelay();
        app.MapSessions();
        app.MapAdmin();
        app.MapPortal();
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
