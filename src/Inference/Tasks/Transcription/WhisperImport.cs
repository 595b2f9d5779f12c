using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using Tollgate.Contracts.Metering;
using Tollgate.Inference.Audio;
using Tollgate.Inference.Models;
using Tollgate.Inference.Onnx;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>One import of a Whisper folder: checks the front end's settings and both graphs' tensors, and runs them once.</summary>
internal sealed class WhisperImport(ImportJob job)
{
    private const string EncoderName = "encoder.onnx";
    private const string DecoderName = "decoder.onnx";
    private const string RowDecoderName = "decoder-rows.onnx";

    private readonly string _folder = job.Path;

    private string DecoderPath => Path.Combine(job.Draft.Folder, DecoderName);

    public async Task<InstalledModel> RunAsync(CancellationToken cancellationToken)
    {
        var config = WhisperFolder.Read(_folder, WhisperFolder.Config);
        if (!config.TryGetProperty("model_type", out var type) || type.ToString() != "whisper")
        {
            throw new ModelImportException(
                $"config.json names the model type '{type}'; speech models of the type 'whisper' are supported.");
        }

        var bins = ReadBins(WhisperFolder.Read(_folder, WhisperFolder.PreprocessorConfig));
        var generation = WhisperFolder.Read(_folder, WhisperFolder.GenerationConfig);
        job.Progress?.Report(new("reading graphs", 0));
        var source = await TakeGraphAsync(WhisperFolder.FindEncoder(_folder)!, EncoderName, cancellationToken);
        await TakeGraphAsync(WhisperFolder.FindDecoder(_folder), DecoderName, cancellationToken);
        using var encoder = job.Options.Sessions.Open(Path.Combine(job.Draft.Folder, EncoderName));
        using var decoder = job.Options.Sessions.Open(DecoderPath);
        CheckTensor(encoder.InputMetadata, "encoder", "input_features", typeof(float), bins, LogMel.Columns);
        CheckTensor(encoder.OutputMetadata, "encoder", "last_hidden_state", typeof(float), -1, -1);
        var shape = ReadShape(decoder, config);
        var vocabulary = WhisperVocabulary.Read(WhisperFolder.Read(_folder, WhisperFolder.Tokenizer), shape.Vocabulary, out var added);
        var speech = WhisperTokens.Complete(shape with { Bins = bins }, generation, added) with
        {
            Alignment = ReadAlignment(decoder, generation, shape),
        };
        await WriteTokenizerAsync(vocabulary, cancellationToken);
        Try(encoder, decoder, speech, cancellationToken);
        var shares = SharedStepTrial.Run(encoder, decoder, decoder, speech);
        speech = speech with
        {
            RowDecoder = shares ? null : await MakeRowDecoderAsync(encoder, decoder, speech, cancellationToken),
            Voice = await TakeVoiceAsync(cancellationToken),
        };
        job.Progress?.Report(new("installing", 0));
        return await job.Draft.InstallAsync((version, files) => speech.WriteTo(new ModelManifest
        {
            Name = job.Draft.Name,
            Version = version,
            Task = ModelTask.Transcription.Name,
            Description = job.Options.Description,
            Licence = job.Options.Licence,
            Source = source,
            Created = job.Options.Clock.GetUtcNow(),
            Files = files,
            Graph = EncoderName,
            Tokenizer = new ModelTokenizer { Kind = TokenizerFile.Bpe, File = WhisperFolder.Tokenizer, EosIds = [speech.Tokens.End] },
            Limits = new ModelLimits(speech.Positions, 0),
            Batching = shares || speech.RowDecoder is not null,
        }), cancellationToken);
    }

    /// <summary>The front end computes one set of features; a model that asks for another is refused.</summary>
    private static int ReadBins(JsonElement settings)
    {
        (string, int)[] known =
            [("sampling_rate", AudioClip.Rate), ("n_fft", FrameSpectra.Length), ("hop_length", LogMel.Hop), ("chunk_length", 30)];
        foreach (var (name, expected) in known)
        {
            if (settings.TryGetProperty(name, out var value) && (!value.TryGetInt32(out var number) || number != expected))
            {
                throw new ModelImportException($"preprocessor_config.json has {name} {value}; {expected} is supported.");
            }
        }

        return settings.TryGetProperty("feature_size", out var size) && size.TryGetInt32(out var bins) && bins is >= 8 and <= 256
            ? bins : throw new ModelImportException("preprocessor_config.json has no feature_size from 8 to 256.");
    }

    /// <summary>Copies a graph of known operators.</summary>
    private async Task<ModelSource> TakeGraphAsync(string path, string name, CancellationToken cancellationToken)
    {
        var graph = await OnnxGraphFile.ReadAsync(path, cancellationToken);
        if (graph.Inspection.ExternalFiles.Count > 0)
        {
            throw new ModelImportException(
                $"'{Path.GetFileName(path)}' keeps weights in another file; a speech model's graphs must hold theirs.");
        }

        await graph.CopyAsync(job.Draft.Folder, name, [], cancellationToken);
        return new ModelSource(
            ModelFolder.NameOf(_folder), "whisper", await ModelFolder.HashAsync(_folder, cancellationToken));
    }

    private async Task WriteTokenizerAsync(BpeVocabulary vocabulary, CancellationToken cancellationToken)
    {
        try
        {
            _ = new BpeTokenizer(vocabulary);
        }
        catch (FormatException exception)
        {
            throw new ModelImportException($"The tokenizer cannot be used: {exception.Message}", exception);
        }

        await using var file = File.Create(Path.Combine(job.Draft.Folder, WhisperFolder.Tokenizer));
        await JsonSerializer.SerializeAsync(file, vocabulary, TokenizerJson.Default.BpeVocabulary, cancellationToken);
    }

    /// <summary>Layers, heads and widths by the decoder's tensors.</summary>
    private static WhisperShape ReadShape(InferenceSession decoder, JsonElement config)
    {
        var inputs = decoder.InputMetadata;
        CheckTensor(inputs, "decoder", "input_ids", typeof(long), -1);
        CheckTensor(inputs, "decoder", "encoder_hidden_states", typeof(float), -1, -1);
        CheckTensor(inputs, "decoder", "use_cache_branch", typeof(bool));
        CheckTensor(inputs, "decoder", "past_key_values.0.decoder.key", typeof(float), -1, -1, -1);
        CheckTensor(decoder.OutputMetadata, "decoder", "logits", typeof(float), -1, -1);
        var layers = inputs.Keys.Count(name => name.EndsWith(".decoder.key", StringComparison.Ordinal));
        var cache = inputs["past_key_values.0.decoder.key"].Dimensions;
        var vocabulary = decoder.OutputMetadata["logits"].Dimensions[2];
        var positions = config.TryGetProperty("max_target_positions", out var most) && most.TryGetInt32(out var number) ? number : 0;
        if (cache[1] < 1 || cache[3] < 1 || vocabulary is < 1 or > 1_000_000 || positions is < 16 or > 65_536)
        {
            throw new ModelImportException("The decoder's caches or logits have no fixed widths, or config.json no max_target_positions.");
        }

        var shape = new WhisperShape(layers, cache[1], cache[3], vocabulary, positions, Bins: 0);
        foreach (var name in shape.Caches(["decoder", "encoder"]))
        {
            CheckTensor(inputs, "decoder", $"past_key_values.{name}", typeof(float), shape.Heads, -1, shape.HeadWidth);
            CheckTensor(decoder.OutputMetadata, "decoder", $"present.{name}", typeof(float), -1, -1, -1);
        }

        return inputs.Count == 3 + (4 * layers) ? shape : throw new ModelImportException(
            $"The decoder's inputs are {string.Join(", ", inputs.Keys)}; a merged decoder with caches of {layers} layers is expected.");
    }

    /// <summary>The heads that find words, by <c>alignment_heads</c>; null where the model names none, or the decoder does not give its
    /// attention.</summary>
    private static AlignmentHead[]? ReadAlignment(InferenceSession decoder, JsonElement generation, WhisperShape shape)
    {
        if (!generation.TryGetProperty("alignment_heads", out var named) || named.ValueKind != JsonValueKind.Array
            || !Enumerable.Range(0, shape.Layers).All(layer => decoder.OutputMetadata.ContainsKey($"cross_attentions.{layer}")))
        {
            return null;
        }

        AlignmentHead[] heads = [.. named.EnumerateArray().Select(pair =>
            pair.ValueKind == JsonValueKind.Array && pair.GetArrayLength() == 2 && pair[0].TryGetInt32(out var layer)
            && pair[1].TryGetInt32(out var head) && layer >= 0 && layer < shape.Layers && head >= 0 && head < shape.Heads
                ? new AlignmentHead(layer, head)
                : throw new ModelImportException("generation_config.json has alignment_heads that the decoder does not have."))];
        foreach (var layer in heads.Select(head => head.Layer))
        {
            CheckTensor(decoder.OutputMetadata, "decoder", $"cross_attentions.{layer}", typeof(float), shape.Heads, -1, -1);
        }

        return heads.Length > 0 ? heads : null;
    }

    /// <param name="dimensions">After the first one; −1 for any.</param>
    private static void CheckTensor(
        IReadOnlyDictionary<string, NodeMetadata> tensors, string graph, string name, Type type, params ReadOnlySpan<int> dimensions)
    {
        if (!tensors.TryGetValue(name, out var tensor))
        {
            throw new ModelImportException($"The {graph} has no tensor '{name}'; it has {string.Join(", ", tensors.Keys)}.");
        }

        var fits = tensor.ElementType == type && tensor.Dimensions.Length == dimensions.Length + 1;
        for (var i = 0; fits && i < dimensions.Length; i++)
        {
            fits = dimensions[i] < 0 || tensor.Dimensions[i + 1] < 0 || tensor.Dimensions[i + 1] == dimensions[i];
        }

        if (!fits)
        {
            throw new ModelImportException(
                $"The {graph}'s tensor '{name}' is {tensor.ElementType.Name} of [{string.Join(", ", tensor.Dimensions)}], where "
                + $"{type.Name} of [batch{string.Concat(dimensions.ToArray().Select(d => d < 0 ? ", any" : $", {d}"))}] is expected.");
        }
    }

    /// <summary>Takes the voice activity detector beside the model, and tries it. Null where there is none.</summary>
    private async Task<string?> TakeVoiceAsync(CancellationToken cancellationToken)
    {
        var path = Path.Combine(_folder, WhisperFolder.Voice);
        if (!File.Exists(path))
        {
            return null;
        }

        await TakeGraphAsync(path, WhisperFolder.Voice, cancellationToken);
        var session = job.Options.Sessions.Open(Path.Combine(job.Draft.Folder, WhisperFolder.Voice));
        using var detector = new VoiceDetector(session);
        CheckTensor(session.InputMetadata, "detector", "input", typeof(float), -1);
        CheckTensor(session.InputMetadata, "detector", "state", typeof(float), -1, 128);
        CheckTensor(session.OutputMetadata, "detector", "output", typeof(float), 1);
        CheckTensor(session.OutputMetadata, "detector", "stateN", typeof(float), -1, -1);
        try
        {
            return detector.Begin().Hear(new float[VoiceDetector.Frame]) is >= 0 and < 0.5f
                ? WhisperFolder.Voice : throw new ModelImportException($"{WhisperFolder.Voice} hears speech in silence.");
        }
        catch (OnnxRuntimeException exception)
        {
            throw new ModelImportException($"{WhisperFolder.Voice} fails on silence: {exception.Message}", exception);
        }
    }

    /// <summary>Rewrites a decoder whose texts would disturb each other, and installs it beside the exported one, which is faster for a
    /// single text.</summary>
    /// <returns>Its file; null where it does not let texts share steps either.</returns>
    private async Task<string?> MakeRowDecoderAsync(
        InferenceSession encoder, InferenceSession decoder, ModelSpeech speech, CancellationToken cancellationToken)
    {
        if (RowQuantization.Rewrite(await File.ReadAllBytesAsync(DecoderPath, cancellationToken), "then_branch") is not { } rewritten)
        {
            return null;
        }

        try
        {
            using var rows = job.Options.Sessions.Open(rewritten);
            if (!SharedStepTrial.Run(encoder, decoder, rows, speech))
            {
                return null;
            }
        }
        catch (OnnxRuntimeException)
        {
            return null; // It has other shapes than the exporters' graphs: it stays as it is.
        }

        await File.WriteAllBytesAsync(Path.Combine(job.Draft.Folder, RowDecoderName), rewritten, cancellationToken);
        return RowDecoderName;
    }

    private void Try(InferenceSession encoder, InferenceSession decoder, ModelSpeech speech, CancellationToken cancellationToken)
    {
        job.Progress?.Report(new("trying it", 0));
        try
        {
            var sessions = new WhisperSessions(encoder, decoder, rows: null, speech);
            var features = new float[speech.Bins * LogMel.Columns];
            new LogMel(speech.Bins).Compute(new float[AudioClip.Rate], features);
            using var hidden = sessions.Encode(features);
            using var row = sessions.Begin(hidden, [speech.Tokens.Start, speech.Tokens.NoTimestamps], out var first);
            first.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            using var logits = sessions.Step([row], [speech.Tokens.End]);
            if (logits.GetTensorDataAsSpan<float>().ContainsAnyExceptInRange(float.MinValue, float.MaxValue))
            {
                throw new ModelImportException("The decoder's logits for silence are not finite.");
            }
        }
        catch (OnnxRuntimeException exception)
        {
            throw new ModelImportException($"The model fails on a second of silence: {exception.Message}", exception);
        }
    }
}
