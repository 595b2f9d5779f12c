using Microsoft.AspNetCore.Builder;
using Tollgate.Inference.Decoders;
using Tollgate.Inference.Deployments;
using Tollgate.Inference.Encoders;
using Tollgate.Inference.Endpoints;
using Tollgate.Inference.Generation;
using Tollgate.Inference.Groups;
using Tollgate.Inference.Registration;
using Tollgate.Inference.Requests;
using Tollgate.Inference.Residency;
using Tollgate.Inference.Status;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Witness;
using Tollgate.Inference.Worker;
using Tollgate.ServiceDefaults;
using Tollgate.ServiceDefaults.Hosting;

namespace Tollgate.Inference;

/// <summary>Composition root of the service.</summary>
public static class InferenceApp
{
    private const string GroupSetting = $"{ModelsOptions.Section}:{nameof(ModelsOptions.Group)}";

    /// <summary>Builds the service without starting it; the caller decides whether it runs alone or beside others.</summary>
    public static WebApplication Create(string[] args) => Create(args, ModelTasks.All);

    /// <summary>The same for a worker that serves these tasks. The process of a group neither installs what is deployed nor keeps
    /// processes.</summary>
    internal static WebApplication Create(string[] args, IReadOnlyList<IModelTask> tasks) =>
        Create(args, builder =>
        {
            builder.Services.AddEncoders();
            builder.Services.AddTasks(tasks);
            builder.AddResidency();
            if (builder.Configuration[GroupSetting] is not { Length: > 0 })
            {
                builder.AddDeployments();
                builder.AddGroups(args);
            }
            else
            {
                builder.AddGroupAddress();
            }
        });

    /// <summary>What gateways, Accounts and Billing know as a worker: it registers itself, states its models and load, answers their
    /// requests, and keeps its own log.</summary>
    /// <param name="addModels">Registers the tasks, and an <see cref="IServedModels"/>.</param>
    internal static WebApplication Create(string[] args, Action<WebApplicationBuilder> addModels)
    {
        var builder = PlatformHost.CreateBuilder(args, typeof(InferenceApp).Assembly);
        builder.AddServiceDefaults();
        builder.AddRegistration(); // First, because services stop in reverse order and the goodbye to Accounts comes last.
        builder.Services.AddWorker();
        builder.Services.AddWitness();
        builder.Services.AddSessions();
        builder.Services.AddGeneration();
        addModels(builder);
        builder.Services.AddRequests();
        builder.Services.AddStatus();
        builder.Services.AddEndpoints();

        var app = builder.Build();
        app.MapServiceDefaults();
        app.MapTasks();
        app.MapWorker();
        app.MeasureModels();
        return app;
    }
}
