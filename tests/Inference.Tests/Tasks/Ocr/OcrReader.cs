using Tollgate.Contracts.OpenAi;
using Tollgate.Contracts.Pictures;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tasks.Ocr;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Ocr;

/// <summary>The models of npm, imported once for all tests of a class.</summary>
public sealed class OcrReader : IAsyncLifetime
{
    private OcrModel? _model;

    internal OcrModel Model => _model ?? throw new InvalidOperationException("Not loaded.");

    public async Task InitializeAsync() => _model = await ImportAsync(TextPictures.ModelFolder);

    /// <summary>Reads a picture.</summary>
    internal async Task<IReadOnlyList<OcrLine>> ReadAsync(byte[] file) => (await FindAndReadAsync(file)).Lines;

    /// <summary>Reads a picture.</summary>
    /// <returns>Its lines, and its size as it is shown.</returns>
    internal async Task<(FoundText Found, IReadOnlyList<OcrLine> Lines)> FindAndReadAsync(byte[] file)
    {
        using var place = Model.Turns.TryJoin(new Party(Guid.NewGuid()))!;
        var found = await Model.FindAsync(Input(file), place, CancellationToken.None);
        Assert.Null(found.Refusal);
        return (found.Value!, await Model.ReadAsync(found.Value!, place, CancellationToken.None));
    }

    internal static PictureInput Input(byte[] file)
    {
        Assert.Equal(PictureFault.None, PictureHeader.Read(file, out var header));
        return new PictureInput(header, "image", file, Part: null);
    }

    /// <summary>Imports a folder and loads it.</summary>
    internal static async Task<OcrModel> ImportAsync(string source)
    {
        return await LoadAsync(await ModelImport.RunAsync(
            source, "reader", TestFolder.Create("models"), new ModelImportOptions(), progress: null, CancellationToken.None));
    }

    /// <summary>Loads an installed version.</summary>
    internal static Task<OcrModel> LoadAsync(InstalledModel installed) => OcrModel.LoadAsync(
        installed, new SessionFactory(ExecutionProvider.Cpu), new QuietOrganizations(), new QueueOptions(), CancellationToken.None);

    public Task DisposeAsync()
    {
        _model?.Dispose();
        return Task.CompletedTask;
    }
}
