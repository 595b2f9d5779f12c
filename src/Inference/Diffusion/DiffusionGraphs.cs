using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using Tollgate.Inference.Models;
using Tollgate.Inference.Sessions;

namespace Tollgate.Inference.Diffusion;

/// <summary>
/// The graphs of a text-to-image folder. Types and shapes are read from the graphs: timesteps as one number, as one in a list or one
/// a row; whole or with fractions; any number of rows or a fixed one. Thread-safe.
/// </summary>
internal sealed class DiffusionGraphs : IDisposable
{
    private const int GuidanceWidth = 256;
    private const string WholeText = "text_embeds";
    private const string Sizes = "time_ids";
    private const int SizeNumbers = 6;

    private readonly List<InferenceSession> _opened = [];
    private readonly TextEncoder _text;
    private readonly TextEncoder? _secondText;
    private readonly InferenceSession _denoiser;
    private readonly InferenceSession _decoder;
    private readonly DiffusionLayout _layout;

    /// <param name="folder">The model's folder in the Diffusers layout.</param>
    /// <exception cref="ModelImportException">A graph cannot be loaded, or has other inputs than those of this layout.</exception>
    public DiffusionGraphs(string folder, DiffusionLayout layout, SessionFactory sessions)
    {
        _layout = layout;
        try
        {
            var text = Open(DiffusionLayout.TextEncoder);
            _text = layout.HasSecondEncoder ? TextEncoder.First(text) : TextEncoder.Single(text);
            _secondText = layout.HasSecondEncoder ? TextEncoder.Second(Open(DiffusionLayout.SecondTextEncoder)) : null;
            (_denoiser, _decoder) = (Open(DiffusionLayout.Denoiser), Open(DiffusionLayout.Decoder));
            CheckInputs();
        }
        catch
        {
            Dispose();
            throw;
        }

        InferenceSession Open(string part)
        {
            _opened.Add(sessions.Open(Path.Combine(folder, part, "model.onnx")));
            return _opened[^1];
        }
    }

    /// <summary>Tokens that the text encoders read; null: any number.</summary>
    public int? TextLength => _text.Length ?? _secondText?.Length;

    /// <summary>The only height and width of latent pictures, or null: any.</summary>
    public (int Height, int Width)? LatentSize =>
        Fixed(Sample.Dimensions[2]) is { } height && Fixed(Sample.Dimensions[3]) is { } width ? (height, width)
            : Fixed(Latent.Dimensions[2]) is { } high && Fixed(Latent.Dimensions[3]) is { } wide ? (high, wide) : null;

    /// <summary>Rows of a denoiser call, or null: any number.</summary>
    public int? Rows => Fixed(Sample.Dimensions[0]);

    /// <summary>Whether the graph's shape lets each row have its own timestep. The import tries whether it does.</summary>
    public bool MayTakeTimesteps => Timestep.Dimensions.Length == 1 && Fixed(Timestep.Dimensions[0]) is null;

    /// <summary>Whether guidance is an input of the denoiser: a distillation that needs no unguided row.</summary>
    public bool ReadsGuidance => _denoiser.InputMetadata.ContainsKey("timestep_cond");

    private NodeMetadata Sample => _denoiser.InputMetadata["sample"];

    private NodeMetadata Timestep => _denoiser.InputMetadata["timestep"];

    private NodeMetadata Latent => _decoder.InputMetadata["latent_sample"];

    /// <summary>The text as the denoiser reads it.</summary>
    /// <param name="ids">For the first encoder.</param>
    /// <param name="secondIds">For the second one, as many; null where there is none.</param>
    public TextStates EncodeText(int[] ids, int[]? secondIds = null) =>
        _secondText is null ? _text.Encode(ids) : _text.Encode(ids).Beside(_secondText.Encode(secondIds!));

    /// <summary>Runs the denoiser once over rows of one size.</summary>
    /// <param name="rows">At most <see cref="Rows"/>; of one timestep, unless <paramref name="ownTimesteps"/>.</param>
    /// <param name="ownTimesteps">Whether each row's timestep is given to the graph.</param>
    /// <returns>For each row what the denoiser made of its sample.</returns>
    public float[][] Denoise(IReadOnlyList<DenoiserRow> rows, int height, int width, bool ownTimesteps)
    {
        var count = Rows ?? rows.Count;
        var padded = rows.Concat(Enumerable.Repeat(rows[0], count - rows.Count)).ToArray();
        var size = _layout.Channels * height * width;
        var samples = Join(padded, row => row.Sample, size);
        var text = rows[0].Text;
        var states = Join(padded, row => row.Text.States, text.States.Length);
        var times = ownTimesteps ? Array.ConvertAll(padded, row => (float)row.Timestep) : [(float)rows[0].Timestep];
        long[] timeShape = Timestep.Dimensions.Length == 0 ? [] : [times.Length];
        var inputs = new Dictionary<string, OrtValue>(StringComparer.Ordinal)
        {
            ["sample"] = GraphTensors.Create(Sample, samples, count, _layout.Channels, height, width),
            ["timestep"] = GraphTensors.Create(Timestep, times, timeShape),
            ["encoder_hidden_states"] = GraphTensors.Create(
                _denoiser.InputMetadata["encoder_hidden_states"], states, count, text.Length, text.Width),
        };
        if (_secondText is not null)
        {
            inputs[WholeText] = GraphTensors.Create(
                _denoiser.InputMetadata[WholeText], Join(padded, row => row.Text.Pooled, text.Pooled.Length), count, text.Pooled.Length);
            inputs[Sizes] = GraphTensors.Create(
                _denoiser.InputMetadata[Sizes], Join(padded, _ => MakeSizes(height, width), SizeNumbers), count, SizeNumbers);
        }

        if (ReadsGuidance)
        {
            inputs["timestep_cond"] = GraphTensors.Create(
                _denoiser.InputMetadata["timestep_cond"], Join(padded, row => EmbedGuidance(row.Guidance), GuidanceWidth), count,
                GuidanceWidth);
        }

        try
        {
            using var options = new RunOptions();
            using var outputs = _denoiser.Run(options, inputs.Keys, inputs.Values, ["out_sample"]);
            var numbers = GraphTensors.Read(outputs[0]);
            return numbers.Length == count * size
                ? [.. Enumerable.Range(0, rows.Count).Select(row => numbers.AsSpan(row * size, size).ToArray())]
                : throw new OnnxOutputException($"The denoiser gives {numbers.Length} numbers for {count * size}.");
        }
        finally
        {
            foreach (var input in inputs.Values)
            {
                input.Dispose();
            }
        }
    }

    /// <summary>Decodes a latent picture.</summary>
    /// <returns>Three bytes a pixel, red, green, blue; rows from the top.</returns>
    public byte[] DecodePicture(ReadOnlySpan<float> latent, int height, int width)
    {
        var scaled = latent.ToArray();
        for (var i = 0; i < scaled.Length; i++)
        {
            scaled[i] = (float)(scaled[i] / _layout.Scaling);
        }

        var rows = Fixed(Latent.Dimensions[0]) ?? 1;
        var batch = Enumerable.Repeat(scaled, rows).SelectMany(row => row).ToArray();
        using var value = GraphTensors.Create(Latent, batch, rows, _layout.Channels, height, width);
        using var options = new RunOptions();
        using var outputs = _decoder.Run(options, ["latent_sample"], [value], ["sample"]);
        var (pixels, area) = (GraphTensors.Read(outputs[0]), height * width * _layout.Factor * _layout.Factor);
        if (pixels.Length != 3 * area * rows)
        {
            throw new OnnxOutputException($"The decoder gives {pixels.Length / rows} numbers for a picture of {area} pixels.");
        }

        var bytes = new byte[3 * area];
        for (var i = 0; i < bytes.Length; i++)
        {
            var shade = pixels[((i % 3) * area) + (i / 3)];
            bytes[i] = (byte)Math.Round((Math.Clamp(float.IsNaN(shade) ? 0 : shade, -1, 1) + 1) * 127.5f);
        }

        return bytes;
    }

    public void Dispose() => _opened.ForEach(session => session.Dispose());

    /// <summary>Guidance as the denoiser of a distillation reads it: sines and cosines of 1,000 (guidance − 1). Luo and others, Latent
    /// Consistency Models (2023), section 4.2.</summary>
    internal static float[] EmbedGuidance(double guidance)
    {
        const int Half = GuidanceWidth / 2;
        var embedding = new float[GuidanceWidth];
        for (var i = 0; i < Half; i++)
        {
            var angle = (guidance - 1) * 1000 * Math.Exp(-Math.Log(10_000) / (Half - 1) * i);
            (embedding[i], embedding[Half + i]) = ((float)Math.Sin(angle), (float)Math.Cos(angle));
        }

        return embedding;
    }

    /// <summary>Sizes that an XL denoiser was trained to read: of the training picture, of its cut's corner and of the cut, height before
    /// width. A drawing is asked for as an uncut one of its own size, as Diffusers does.</summary>
    private float[] MakeSizes(int latentHeight, int latentWidth)
    {
        var (height, width) = (latentHeight * _layout.Factor, latentWidth * _layout.Factor);
        return [height, width, 0, 0, height, width];
    }

    private static float[] Join(DenoiserRow[] rows, Func<DenoiserRow, float[]> of, int length)
    {
        var joined = new float[rows.Length * length];
        for (var row = 0; row < rows.Length; row++)
        {
            of(rows[row]).CopyTo(joined, row * length);
        }

        return joined;
    }

    private static int? Fixed(int dimension) => GraphTensors.Fixed(dimension);

    private void CheckInputs()
    {
        if (_secondText?.Length is { } length && length != (_text.Length ?? length))
        {
            throw new ModelImportException($"The text encoders read {_text.Length} and {length} tokens; they must read as many.");
        }

        GraphTensors.Require(_denoiser, "denoiser", "sample", 4, TensorElementType.Float, TensorElementType.Float16);
        var timestep = GraphTensors.Require(
            _denoiser, "denoiser", "timestep", -1, TensorElementType.Int64, TensorElementType.Int32, TensorElementType.Float,
            TensorElementType.Float16, TensorElementType.Double);
        if (timestep.Dimensions.Length > 1)
        {
            throw new ModelImportException(
                $"The denoiser's input 'timestep' has the rank {timestep.Dimensions.Length}; it is a number or a list.");
        }

        GraphTensors.Require(_denoiser, "denoiser", "encoder_hidden_states", 3, TensorElementType.Float, TensorElementType.Float16);
        if (_denoiser.InputMetadata.ContainsKey("timestep_cond"))
        {
            GraphTensors.Require(_denoiser, "denoiser", "timestep_cond", 2, TensorElementType.Float, TensorElementType.Float16);
        }

        if (_secondText is null)
        {
            GraphTensors.RefuseOthers(_denoiser, "denoiser", "sample", "timestep", "encoder_hidden_states", "timestep_cond");
        }
        else
        {
            GraphTensors.RefuseOthers(
                _denoiser, "denoiser", "sample", "timestep", "encoder_hidden_states", "timestep_cond", WholeText, Sizes);
            GraphTensors.Require(_denoiser, "denoiser", WholeText, 2, TensorElementType.Float, TensorElementType.Float16);
            GraphTensors.Require(
                _denoiser, "denoiser", Sizes, 2, TensorElementType.Float, TensorElementType.Float16, TensorElementType.Int64,
                TensorElementType.Int32);
        }

        GraphTensors.RequireOutput(_denoiser, "denoiser", "out_sample");
        GraphTensors.Require(_decoder, "decoder", "latent_sample", 4, TensorElementType.Float, TensorElementType.Float16);
        GraphTensors.RefuseOthers(_decoder, "decoder", "latent_sample");
        GraphTensors.RequireOutput(_decoder, "decoder", "sample");
    }
}

/// <summary>One row of a denoiser call.</summary>
/// <param name="Sample">The sample, scaled for the denoiser.</param>
/// <param name="Guidance">Read by a distilled denoiser alone.</param>
internal sealed record DenoiserRow(float[] Sample, double Timestep, TextStates Text, double Guidance);

/// <summary>A graph gives tensors of another shape than its layout has.</summary>
internal sealed class OnnxOutputException(string message) : Exception(message);
