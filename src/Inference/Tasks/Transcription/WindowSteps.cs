namespace Tollgate.Inference.Tasks.Transcription;

/// <summary>A window whose text is being written.</summary>
/// <param name="Writer">Disposed when it ends.</param>
/// <param name="Done">Called with the text.</param>
/// <param name="Failed">Called instead with what ended it; a cancelled window is failed with <see cref="OperationCanceledException"/>.
/// </param>
internal sealed record WindowInWork(
    WindowWriter Writer, Action<WindowText> Done, Action<Exception> Failed, CancellationToken CancellationToken)
{
    public bool IsOver { get; private set; }

    /// <summary>Ends it, once.</summary>
    /// <param name="failure">Null when it is written.</param>
    public void End(Exception? failure)
    {
        if (IsOver)
        {
            return;
        }

        IsOver = true;
        using (Writer)
        {
            try
            {
                Finish(failure);
            }
#pragma warning disable CA1031 // What cannot be taken fails its own request.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                Failed(exception);
            }
        }
    }

    private void Finish(Exception? failure)
    {
        if (failure is not null)
        {
            Failed(failure);
            return;
        }

        Done(Writer.Text!);
    }
}

/// <summary>
/// Writes the texts of several windows. Decoders have no mask, so the rows of a run have the same length: those that have read least go
/// first, until the others are reached, and then all go on together. A window that is cancelled, or fails, leaves at the next step.
/// </summary>
internal static class WindowSteps
{
    public static void Write(WhisperSessions sessions, IReadOnlyList<WindowInWork> windows)
    {
        while (true)
        {
            foreach (var window in windows.Where(window => !window.IsOver))
            {
                TryDo(window, () =>
                {
                    window.CancellationToken.ThrowIfCancellationRequested();
                    if (window.Writer.MustBegin)
                    {
                        window.Writer.Begin();
                    }
                });
            }

            var open = windows.Where(window => !window.IsOver && !window.Writer.MustBegin).ToList();
            if (open.Count == 0 && windows.All(window => window.IsOver))
            {
                return;
            }

            if (open.Count > 0)
            {
                var least = open.Min(window => window.Writer.Row.Length);
                Step(sessions, [.. open.Where(window => window.Writer.Row.Length == least)]);
            }
        }
    }

    private static void Step(WhisperSessions sessions, IReadOnlyList<WindowInWork> windows)
    {
        if (windows.Count > 1 && TryStep(sessions, windows))
        {
            return;
        }

        foreach (var window in windows) // A window that fails does not end the others.
        {
            TryDo(window, () => StepOnce(sessions, [window]));
        }
    }

    private static bool TryStep(WhisperSessions sessions, IReadOnlyList<WindowInWork> windows)
    {
        try
        {
            StepOnce(sessions, windows);
            return true;
        }
#pragma warning disable CA1031 // No row has moved: each is tried alone, and fails alone.
        catch (Exception)
#pragma warning restore CA1031
        {
            return false;
        }
    }

    private static void StepOnce(WhisperSessions sessions, IReadOnlyList<WindowInWork> windows)
    {
        using var logits = sessions.Step(
            [.. windows.Select(window => window.Writer.Row)], [.. windows.Select(window => window.Writer.Next)]);
        var width = logits.GetTensorDataAsSpan<float>().Length / windows.Count;
        for (var row = 0; row < windows.Count; row++)
        {
            var (first, window) = (row * width, windows[row]);
            TryDo(window, () => window.Writer.Accept(logits.GetTensorDataAsSpan<float>().Slice(first, width)));
        }
    }

    /// <summary>Does something for a window, and ends it when it is written, or with what was thrown.</summary>
    private static void TryDo(WindowInWork window, Action action)
    {
        try
        {
            action();
            if (window.Writer.Text is not null)
            {
                window.End(null);
            }
        }
#pragma warning disable CA1031 // It ends its own request alone.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            window.End(exception);
        }
    }
}
