namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>Finds when each token of a text is spoken, by where the decoder listens while it reads the text.</summary>
/// <remarks>The method of the paper's published program: Radford and others (2022), with dynamic time warping by Sakoe and Chiba
/// (1978).</remarks>
internal static class WordAlignment
{
    /// <summary>Frames of what the encoder gives, a second.</summary>
    public const int FramesPerSecond = 50;

    private const int MedianWidth = 7;

    /// <param name="attention">For each head its weights, <c>[tokens, stride]</c>: probabilities over all frames.</param>
    /// <param name="tokens">Tokens that the decoder read: a prompt, the text and the end.</param>
    /// <param name="stride">Frames of a row.</param>
    /// <param name="frames">Frames with sound, 1 to <paramref name="stride"/>; the others are not listened to.</param>
    /// <param name="first">The row that foretells the text's first token: the prompt's last.</param>
    /// <returns>For each token of the text and for the end the frame at which it begins, rising.</returns>
    public static int[] FindStarts(IReadOnlyList<float[]> attention, int tokens, int stride, int frames, int first)
    {
        var rows = tokens - 1 - first;
        var cost = new double[rows, frames];
        foreach (var head in attention)
        {
            var weights = Smooth(Normalise(head, tokens, stride, frames), tokens, frames);
            for (var row = 0; row < rows; row++)
            {
                for (var frame = 0; frame < frames; frame++)
                {
                    cost[row, frame] -= weights[first + row, frame] / attention.Count;
                }
            }
        }

        return Warp(cost, rows, frames);
    }

    /// <summary>Each row becomes probabilities over the frames with sound; then each frame has mean 0 and deviation 1 over the rows.
    /// </summary>
    private static double[,] Normalise(float[] head, int tokens, int stride, int frames)
    {
        var weights = new double[tokens, frames];
        for (var row = 0; row < tokens; row++)
        {
            var sum = 0.0;
            for (var frame = 0; frame < frames; frame++)
            {
                sum += head[(row * stride) + frame];
            }

            for (var frame = 0; frame < frames; frame++)
            {
                weights[row, frame] = sum > 0 ? head[(row * stride) + frame] / sum : 0;
            }
        }

        for (var frame = 0; frame < frames; frame++)
        {
            var (sum, squares) = (0.0, 0.0);
            for (var row = 0; row < tokens; row++)
            {
                sum += weights[row, frame];
            }

            var mean = sum / tokens;
            for (var row = 0; row < tokens; row++)
            {
                squares += (weights[row, frame] - mean) * (weights[row, frame] - mean);
            }

            var deviation = Math.Sqrt(squares / tokens);
            for (var row = 0; row < tokens; row++)
            {
                weights[row, frame] = deviation > 0 ? (weights[row, frame] - mean) / deviation : 0;
            }
        }

        return weights;
    }

    /// <summary>The median of seven frames, the ends mirrored.</summary>
    private static double[,] Smooth(double[,] weights, int tokens, int frames)
    {
        const int Half = MedianWidth / 2;
        if (frames <= Half)
        {
            return weights;
        }

        var smooth = new double[tokens, frames];
        Span<double> window = stackalloc double[MedianWidth];
        for (var row = 0; row < tokens; row++)
        {
            for (var frame = 0; frame < frames; frame++)
            {
                for (var i = 0; i < MedianWidth; i++)
                {
                    var at = Math.Abs(frame + i - Half);
                    window[i] = weights[row, at < frames ? at : (2 * (frames - 1)) - at];
                }

                window.Sort();
                smooth[row, frame] = window[Half];
            }
        }

        return smooth;
    }

    /// <summary>The cheapest path through all rows and frames; a row begins where the path enters it.</summary>
    private static int[] Warp(double[,] cost, int rows, int frames)
    {
        var sums = new double[rows + 1, frames + 1];
        var steps = new (int Row, int Frame)[rows + 1, frames + 1];
        for (var row = 0; row <= rows; row++)
        {
            for (var frame = 0; frame <= frames; frame++)
            {
                if (row == 0 || frame == 0)
                {
                    sums[row, frame] = row == 0 && frame == 0 ? 0 : double.PositiveInfinity;
                    continue;
                }

                var (both, up, left) = (sums[row - 1, frame - 1], sums[row - 1, frame], sums[row, frame - 1]);
                steps[row, frame] = both < up && both < left ? (1, 1) : up < both && up < left ? (1, 0) : (0, 1);
                sums[row, frame] = cost[row - 1, frame - 1] + Math.Min(both, Math.Min(up, left));
            }
        }

        var starts = new int[rows];
        for (var (row, frame) = (rows, frames); row > 0 && frame > 0;)
        {
            starts[row - 1] = frame - 1;
            var step = steps[row, frame];
            (row, frame) = (row - step.Row, frame - step.Frame);
        }

        return starts;
    }
}
