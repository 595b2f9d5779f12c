using Microsoft.AspNetCore.Builder;
using Tollgate.Gateway.Accounting;
using Tollgate.Gateway.Admission;
using Tollgate.Gateway.Authentication;
using Tollgate.Gateway.Calls;
using Tollgate.Gateway.Catalogue;
using Tollgate.Gateway.Endpoints;
using Tollgate.Gateway.Forwarding;
using Tollgate.Gateway.Idempotency;
using Tollgate.Gateway.Journal;
using Tollgate.Gateway.Measures;
using Tollgate.Gateway.OpenApi;
using Tollgate.Gateway.Pipeline;
using Tollgate.Gateway.Redis;
using Tollgate.Gateway.Relays;
using Tollgate.Gateway.Responses;
using Tollgate.Gateway.Shipping;
using Tollgate.Gateway.Sweeping;
using Tollgate.Gateway.Telemetry;
using Tollgate.Gateway.Till;
using Tollgate.Gateway.Workers;
using Tollgate.ServiceDefaults;
using Tollgate.ServiceDefaults.Data;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Gateway;

/// <summary>Composition root of the service.</summary>
public static class GatewayApp
{
    /// <summary>Builds the service without starting it; the caller decides whether it runs alone or beside others.</summary>
    public static WebApplication Create(string[] args)
    {
        var builder = PlatformHost.CreateBuilder(args, typeof(GatewayApp).Assembly);
        PlaceData(builder);
        builder.AddServiceDefaults();
        builder.AddGatewayMetrics();
        builder.AddRedis();
        builder.AddJournal();
        builder.AddAccounting();
        builder.AddSweeping();
        builder.AddKeyAuthentication();
        builder.AddTillSafety();
        builder.AddTill();
        builder.AddAdmission();
        builder.AddIdempotency();
        builder.AddShipping();
        builder.AddCatalogue();
        builder.AddMeasures();
        builder.AddWorkers();
        builder.AddForwarding();
        builder.AddCalls();
        builder.AddPipeline();
        builder.AddRelays();
        builder.AddResponses();
        builder.AddApi();
        builder.AddApiReference();

        var app = builder.Build();
        app.UseApi();
        app.MapServiceDefaults();
        app.MapApi();
        app.MapApiReference();
        app.MapFleet();
        app.MapTills();
        app.MeasureWorkers();
        app.MeasureJournal();
        return app;
    }

    /// <summary>One setting, <c>Gateway:DataDirectory</c>, places everything that a gateway
    /// keeps; each folder can still be named by itself.</summary>
    private static void PlaceData(WebApplicationBuilder builder)
    {
        if (builder.Configuration["Gateway:DataDirectory"] is { Length: > 0 } folder)
        {
            builder.Configuration["Journal:Folder"] ??= Path.Combine(folder, "journal");
            builder.Configuration["Catalogue:Folder"] ??= Path.Combine(folder, "snapshots");
        }
    }
}
