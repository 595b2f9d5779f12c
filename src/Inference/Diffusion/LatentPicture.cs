namespace Tollgate.Inference.Diffusion;

/// <summary>
/// One picture on its way from noise to the finished latent picture. Guidance is classifier-free: Ho and Salimans, Classifier-Free
/// Diffusion Guidance (2022), equation 6, in the form unguided + guidance · (guided − unguided). Not thread-safe.
/// </summary>
internal sealed class LatentPicture
{
    private readonly LatentText _text;
    private readonly double _guidance;
    private readonly DiffusionScheduler _scheduler;
    private readonly PictureNoise? _noise;
    private readonly float[] _sample;
    private readonly float[] _predicted;
    private int _call;

    /// <param name="start">Standard normal numbers, <c>[channels, height, width]</c>; null: the noise's own.</param>
    /// <param name="noise">Gives the start and what the scheduler adds; null where neither is wanted.</param>
    public LatentPicture(
        LatentText text, LatentShape shape, double guidance, DiffusionScheduler scheduler, PictureNoise? noise, float[]? start = null)
    {
        (_text, Shape, _guidance, _scheduler, _noise) = (text, shape, guidance, scheduler, noise);
        _sample = start is null ? new float[shape.Length] : [.. start];
        if (start is null)
        {
            noise!.Draw(0, _sample);
        }

        for (var i = 0; i < _sample.Length; i++)
        {
            _sample[i] *= (float)scheduler.InitialDeviation;
        }

        _predicted = new float[_sample.Length];
    }

    public LatentShape Shape { get; }

    public int Calls => _scheduler.Timesteps.Count;

    /// <summary>Calls of the denoiser that are done.</summary>
    public int CallsDone => _call;

    public bool Finished => _call == Calls;

    /// <summary>Timestep of the next call.</summary>
    public double Timestep => _scheduler.Timesteps[_call];

    /// <summary>The latent picture; finished with the drawing.</summary>
    public ReadOnlySpan<float> Sample => _sample;

    /// <summary>The latent picture that the last call saw behind the noise.</summary>
    public ReadOnlySpan<float> Predicted => _predicted;

    /// <summary>Rows that the drawing takes in a denoiser call: 1, or 2 with an unguided one.</summary>
    public int Rows => _text.Unguided is null ? 1 : 2;

    /// <summary>Adds the rows of the next call, the unguided one first.</summary>
    public void AddRows(List<DenoiserRow> rows)
    {
        var scale = (float)_scheduler.InputScale(_call);
        var input = scale == 1 ? [.. _sample] : Array.ConvertAll(_sample, value => value * scale);
        if (_text.Unguided is { } unguided)
        {
            rows.Add(new DenoiserRow(input, Timestep, unguided, _guidance));
        }

        rows.Add(new DenoiserRow(input, Timestep, _text.Guided, _guidance));
    }

    /// <summary>Takes what the denoiser made of the rows.</summary>
    /// <param name="outputs">One for each row, in the order of <see cref="AddRows"/>; the last one is overwritten.</param>
    public void Step(ReadOnlySpan<float[]> outputs)
    {
        var output = outputs[^1];
        if (outputs.Length == 2)
        {
            var (unguided, guidance) = (outputs[0], (float)_guidance);
            for (var i = 0; i < output.Length; i++)
            {
                output[i] = unguided[i] + (guidance * (output[i] - unguided[i]));
            }
        }

        float[] noise = [];
        if (_scheduler.AddsNoise(_call))
        {
            noise = new float[_sample.Length];
            _noise!.Draw((uint)_call + 1, noise);
        }

        _scheduler.Step(_call, output, _sample, noise, _predicted);
        _call++;
    }
}

/// <summary>The states of a drawing's text.</summary>
/// <param name="Guided">Of the prompt.</param>
/// <param name="Unguided">Of the negative prompt or of an empty text, or zeros; null: without guidance.</param>
internal sealed record LatentText(TextStates Guided, TextStates? Unguided);

/// <summary>Shape of a latent picture.</summary>
internal readonly record struct LatentShape(int Channels, int Height, int Width)
{
    public int Length => Channels * Height * Width;
}
