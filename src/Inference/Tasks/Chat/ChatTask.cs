using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Models;

namespace Tollgate.Inference.Tasks.Chat;

/// <summary>Generation of text by a decoder: chats and legacy completions.</summary>
internal sealed class ChatTask : IModelTask
{
    public string Name => ModelTask.Chat.Name;

    public IReadOnlyList<ITaskEndpoint> Endpoints { get; } =
    [
        new ChatEndpoint(), new CompletionEndpoint(), new ResponsesEndpoint(), new MessagesEndpoint(), new CountTokensEndpoint(),
    ];

    public IReadOnlyList<IModelImporter> Importers { get; } = [new GgufImporter(), new CheckpointImporter(), new ExportedImporter()];

    public void AddServices(IServiceCollection services) =>
        services.AddSingleton<DecoderOptions>().AddSingleton<DecoderLoader>();

    public Task<LoadedModel> LoadAsync(InstalledModel installed, IServiceProvider services, CancellationToken cancellationToken) =>
        services.GetRequiredService<DecoderLoader>().LoadAsync(installed, cancellationToken);
}
