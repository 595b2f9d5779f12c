using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Billing.Idempotency;
using Tollgate.Billing.Ingest;
using Tollgate.Billing.Jobs;
using Tollgate.Billing.Leases;
using Tollgate.Billing.Ledger;
using Tollgate.Billing.Payments;
using Tollgate.Billing.Prices;
using Tollgate.Billing.Reconciliation;
using Tollgate.Billing.Rejections;
using Tollgate.Billing.Reports;
using Tollgate.Billing.Restores;
using Tollgate.Billing.Wallets;
using Tollgate.Billing.Witness;
using Tollgate.Contracts.Json;
using Tollgate.ServiceDefaults;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Billing;

/// <summary>Composition root of the service.</summary>
public static class BillingApp
{
    /// <summary>Builds the service without starting it, so a host can run it alone or beside other services.</summary>
    public static WebApplication Create(string[] args)
    {
        var builder = PlatformHost.CreateBuilder(args, typeof(BillingApp).Assembly);
        builder.AddServiceDefaults();
        builder.AddPostgres();
        builder.Services.ConfigureHttpJsonOptions(http => http.SerializerOptions.TypeInfoResolverChain.Insert(0, ContractsJson.Default));
        builder.Services.AddRestores();
        builder.Services.AddPrices();
        builder.Services.AddWallets();
        builder.Services.AddLeases();
        builder.Services.AddIngest();
        builder.Services.AddRejections();
        builder.Services.AddIdempotency();
        builder.Services.AddReports();
        builder.Services.AddPayments();
        builder.Services.AddReconciliation();
        builder.AddWitness();
        builder.Services.AddJobs();

        var app = builder.Build();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.MapServiceDefaults();
        app.MapPrices();
        app.MapWallets();
        app.MapLeases();
        app.MapIngest();
        app.MapRejections();
        app.MapBooks();
        app.MapIdempotency();
        app.MapStatements();
        app.MapReports();
        app.MapPayments();
        app.MapJobs();
        return app;
    }

    /// <summary>Brings the schema up to date.</summary>
    public static async Task MigrateAsync(string[] args, CancellationToken cancellationToken)
    {
        var builder = PlatformHost.CreateBuilder(args, typeof(BillingApp).Assembly);
        await using var dataSource = PostgresExtensions.CreateDataSource(builder.Configuration);
        await SchemaMigrations.RunAsync(dataSource, typeof(BillingApp).Assembly, "billing", cancellationToken);
        await JobTables.InstallAsync(dataSource, cancellationToken);
    }
}
