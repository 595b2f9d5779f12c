using System.Threading.Channels;
using Tollgate.Contracts.Metering;
using Tollgate.Contracts.OpenAi;
using Tollgate.Inference.Diffusion;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Requests;

namespace Tollgate.Inference.Tasks.Drawing;

/// <summary>A picture that is ready to be sent.</summary>
/// <param name="Index">Of the picture in its request.</param>
/// <param name="Partial">Index of the intermediate picture; null: the finished one.</param>
/// <param name="Steps">Steps that it took up to here.</param>
/// <param name="Pixels">Three bytes a pixel, red, green, blue.</param>
internal sealed record DrawnPicture(int Index, int? Partial, int Steps, byte[] Pixels);

/// <summary>
/// One request at a painter's loop. A picture counts from the moment when the first picture of it, intermediate or finished, is ready:
/// what a client can see is never free. Its pixels count with it, its steps when they are done, as many as the request asks for: a call of
/// the denoiser that a method makes beyond them is not counted. The loop's thread draws; any thread may read the counts.
/// </summary>
/// <param name="onEnded">Called once, on a pool thread, when nothing is computed any more and before <see cref="Ended"/> ends.</param>
internal sealed class DrawingRequest(RequestIdentity identity, DrawingPlan plan, Action<DrawingRequest> onEnded)
{
    private readonly Channel<DrawnPicture> _pictures = Channel.CreateUnbounded<DrawnPicture>(new() { SingleReader = true });
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly bool[] _counted = new bool[plan.Pictures];
    private long _textTokens;
    private long _images;
    private long _steps;

    public RequestIdentity Identity => identity;

    public DrawingPlan Plan { get; } = plan;

    /// <summary>What has been computed so far.</summary>
    public Units Units
    {
        get
        {
            var images = Interlocked.Read(ref _images);
            return new Units(
                Interlocked.Read(ref _textTokens), Images: images, Pixels: images * Plan.Pixels, Steps: Interlocked.Read(ref _steps));
        }
    }

    public ChannelReader<DrawnPicture> Pictures => _pictures.Reader;

    public Task Ended => _ended.Task;

    /// <summary>Why there is no answer; null where there is one. Final once it has ended.</summary>
    public OpenAiError? Failure { get; set; }

    /// <summary>Guarded by the loop's gate, as are the members below.</summary>
    public bool Cancelled { get; set; }

    /// <summary>Time in the queue; null until the first turn.</summary>
    public TimeSpan? Queued { get; set; }

    public long EnqueuedAt { get; set; }

    public ITimer? Deadline { get; set; }

    /// <summary>Pictures that are not finished.</summary>
    public int Remaining { get; set; } = plan.Pictures;

    public bool IsOver { get; set; }

    /// <summary>States of its texts, of the loop's thread alone; null before the first turn.</summary>
    public LatentText? Text { get; set; }

    public void CountText(int tokens) => Interlocked.Add(ref _textTokens, tokens);

    /// <summary>Counts a call of the denoiser.</summary>
    /// <param name="calls">Those of the same picture up to this one.</param>
    public void CountStep(int calls)
    {
        if (calls <= Plan.Steps)
        {
            Interlocked.Increment(ref _steps);
        }
    }

    /// <summary>Hands a picture to the reader, after counting it.</summary>
    public void Show(DrawnPicture picture)
    {
        if (!_counted[picture.Index])
        {
            _counted[picture.Index] = true;
            Interlocked.Increment(ref _images);
        }

        _pictures.Writer.TryWrite(picture);
    }

    /// <summary>Ends it on a pool thread: the worker's log is written there, not on the thread that draws.</summary>
    public void End() => Task.Run(() =>
    {
        try
        {
            onEnded(this);
        }
        finally
        {
            _pictures.Writer.TryComplete();
            _ended.TrySetResult();
        }
    });

    /// <summary>Ends a request that no loop took; it counts as a refusal.</summary>
    public void Refuse()
    {
        _pictures.Writer.TryComplete();
        _ended.TrySetResult();
    }
}

/// <summary>One picture of a request at the loop.</summary>
internal sealed class PictureInWork(DrawingRequest request, int index)
{
    public DrawingRequest Request => request;

    public int Index => index;

    public Party Party => request.Identity.Party;

    /// <summary>Null before its first turn.</summary>
    public LatentPicture? Drawing { get; set; }
}
