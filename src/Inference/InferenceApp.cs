using Microsoft.AspNetCore.Builder;
using Tollgate.Inference.Registration;
using Tollgate.Inference.Serving;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.ServiceDefaults.ServiceAuthentication;

namespace Tollgate.Inference;

/// <summary>Composition root of the service.</summary>
public static class InferenceApp
{
    /// <summary>Builds the service without starting it; the caller decides whether it runs alone or beside others.</summary>
    public static WebApplication Create(string[] args)
    {
        var builder = PlatformHost.CreateBuilder(args, typeof(InferenceApp).Assembly);
        builder.AddServiceDefaults();
        builder.AddRegistration(); // Before what it speaks of: stopping goes backwards, and its goodbye comes last.
        builder.AddServing();

        var app = builder.Build();
        app.MapServiceDefaults();
        var answers = app.MapInternal("/v1", "gateway");
        answers.MapGeneration();
        answers.MapEmbeddings();
        app.MapWorker();
        return app;
    }
}
