using Microsoft.AspNetCore.Builder;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Billing;

/// <summary>Composition root of the service.</summary>
public static class BillingApp
{
    /// <summary>Builds the service without starting it; the caller decides whether it runs alone or beside others.</summary>
    public static WebApplication Create(string[] args)
    {
        var builder = PlatformHost.CreateBuilder(args, typeof(BillingApp).Assembly);
        builder.AddServiceDefaults();

        var app = builder.Build();
        app.MapServiceDefaults();
        return app;
    }

    /// <summary>Brings the schema up to date.</summary>
    public static async Task MigrateAsync(string[] args, CancellationToken cancellationToken)
    {
        var builder = PlatformHost.CreateBuilder(args, typeof(BillingApp).Assembly);
        await using var dataSource = PostgresExtensions.CreateDataSource(builder.Configuration);
        await SchemaMigrations.RunAsync(dataSource, typeof(BillingApp).Assembly, "billing", cancellationToken);
    }
}
