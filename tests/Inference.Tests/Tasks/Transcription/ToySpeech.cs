using Tollgate.Inference.Import;
using Tollgate.Inference.Models;
using Tollgate.Inference.Tasks;
using Tollgate.Inference.Tests.Models;
using Tollgate.Inference.Tokenizers;
using Tollgate.Testing;

namespace Tollgate.Inference.Tests.Tasks.Transcription;

/// <summary>A worker that serves <see cref="ToyWhisper"/> under the name <c>tiny-whisper</c>.</summary>
public sealed class ToySpeech : IAsyncLifetime
{
    internal SpeechWorker Worker { get; private set; } = null!;

    /// <summary>The model's tokenizer, in which each byte is a token.</summary>
    internal ITokenizer Tokenizer { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var repository = TestFolder.Create("toy-speech");
        using var folder = new TemporaryFolder();
        ToyWhisper.Write(folder.Path);
        Tokenizer = TokenizerFile.Load(await ImportAsync(folder.Path, repository));
        Worker = await SpeechWorker.StartAsync(repository, "tiny-whisper");
    }

    public async Task DisposeAsync() => await Worker.DisposeAsync();

    internal static Task<InstalledModel> ImportAsync(string folder, string repository) => ModelImport.RunAsync(
        folder, "tiny-whisper", repository, new ModelImportOptions(), progress: null, CancellationToken.None);
}
