using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts.Workers;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks;

/// <summary>
/// A kind of work that models do, such as chat: how its files are imported, how an installed model is loaded, and the endpoints that use
/// it. One folder beside this file implements it, and one line of <see cref="ModelTasks"/> puts it into service. Stateless.
/// </summary>
internal interface IModelTask
{
    /// <summary>Name in manifests and cards.</summary>
    string Name { get; }

    IReadOnlyList<ITaskEndpoint> Endpoints { get; }

    /// <summary>Formats of files that become models of this task; none where models are installed another way.</summary>
    IReadOnlyList<IModelImporter> Importers => [];

    /// <summary>Registers what <see cref="LoadAsync"/> asks for.</summary>
    void AddServices(IServiceCollection services)
    {
    }

    /// <summary>Card of a model that is not loaded.</summary>
    ModelCard Describe(InstalledModel installed) => installed.ToCard();

    /// <summary>Verifies an installed model and brings it into memory. <see cref="LoadedModel.WarmUpAsync"/> follows.</summary>
    /// <exception cref="ModelImportException">The version is damaged.</exception>
    /// <exception cref="InvalidOperationException">The model does not run.</exception>
    Task<LoadedModel> LoadAsync(InstalledModel installed, IServiceProvider services, CancellationToken cancellationToken);
}
