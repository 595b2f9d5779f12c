using Microsoft.AspNetCore.Builder;
using Tollgate.Learning.Batches;
using Tollgate.Learning.Callers;
using Tollgate.Learning.Contents;
using Tollgate.Learning.Costs;
using Tollgate.Learning.Departures;
using Tollgate.Learning.Deployments;
using Tollgate.Learning.Doors;
using Tollgate.Learning.Federated;
using Tollgate.Learning.Files;
using Tollgate.Learning.Housekeeping;
using Tollgate.Learning.Inspection;
using Tollgate.Learning.Jobs;
using Tollgate.Learning.Responses;
using Tollgate.Learning.Sealing;
using Tollgate.Learning.Storage;
using Tollgate.Learning.Telemetry;
using Tollgate.Learning.Uploads;
using Tollgate.ServiceDefaults;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Learning;

/// <summary>Composition root of the service.</summary>
public static class LearningApp
{
    /// <summary>Builds the service without starting it, so a host can run it alone or beside other services.</summary>
    public static WebApplication Create(string[] args)
    {
        var builder = PlatformHost.CreateBuilder(args, typeof(LearningApp).Assembly);
        builder.AddServiceDefaults();
        builder.AddPostgres();
        builder.Services.AddLearningMetrics();
        builder.Services.AddSealing();
        builder.Services.AddStorage();
        builder.Services.AddCallers();
        builder.Services.AddContents();
        builder.Services.AddInspection();
        builder.Services.AddFiles();
        builder.Services.AddUploads();
        builder.Services.AddResponses();
        builder.AddDoors();
        builder.AddCosts();
        builder.AddBatches();
        builder.AddJobs();
        builder.Services.AddDeployments();
        builder.Services.AddFederated();
        builder.Services.AddDepartures();
        builder.Services.AddHousekeeping();

        var app = builder.Build();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.MapServiceDefaults();
        app.MapFiles();
        app.MapUploads();
        app.MapResponses();
        app.MapBatches();
        app.MapJobs();
        app.MapTrainers();
        app.MapDeployments();
        app.MapFederated();
        app.MapDepartures();
        return app;
    }

    /// <summary>Brings the schema up to date.</summary>
    public static async Task MigrateAsync(string[] args, CancellationToken cancellationToken)
    {
        var builder = PlatformHost.CreateBuilder(args, typeof(LearningApp).Assembly);
        await using var dataSource = PostgresExtensions.CreateDataSource(builder.Configuration);
        await SchemaMigrations.RunAsync(dataSource, typeof(LearningApp).Assembly, "learning", cancellationToken);
    }
}
