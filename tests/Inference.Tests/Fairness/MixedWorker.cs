using Microsoft.Extensions.Time.Testing;
using Tollgate.Inference.Diffusion;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Requests;
using Tollgate.Inference.Tasks.Drawing;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tests.Fairness;

/// <summary>
/// A worker on a clock of its own: the real lines of its models decide who is next, and what runs at once shares the processors evenly.
/// Nothing is computed. One thread, and the same calls give the same run.
/// </summary>
/// <param name="encoders">Models whose requests take turns: classifiers of texts and pictures, speech, embeddings.</param>
internal sealed class MixedWorker(int encoders)
{
    private static readonly PromptIds Prompt = new(new ClipText([0, 1], 2, null), null);
    private const int PicturesPerCall = 4;

    /// <summary>How often it looks whether somebody who rested may begin.</summary>
    private static readonly TimeSpan Look = 3 * QuietOrganizations.Step;

    private readonly FakeTimeProvider _clock = new();
    private readonly QuietOrganizations _quiet = new();
    private readonly List<Running> _running = [];
    private readonly List<EncoderModel> _encoders = [];
    private readonly List<Stream> _streams = [];
    private readonly Dictionary<DrawingRequest, Action> _drawings = [];
    private readonly Dictionary<PictureInWork, int> _steps = [];
    private readonly Dictionary<(object Model, Party Party), TimeSpan> _waiting = [];
    private DrawingLine? _painter;
    private double _stepWork;
    private bool _paints;
    private bool _generates;

    /// <summary>Most turns at once: two of each encoder, a call of the painter and one of the decoder.</summary>
    public int MostRunning => (2 * encoders) + 2;

    public TimeSpan Now => _clock.GetUtcNow() - _clock.Start;

    /// <summary>Longest time for which an organization waited at a model without any turn there.</summary>
    public TimeSpan LongestWait { get; private set; }

    /// <summary>Turns that batches had.</summary>
    public int BatchTurns { get; private set; }

    /// <summary>A request that takes turns at an encoder.</summary>
    /// <param name="work">Of a turn, milliseconds of all processors.</param>
    public void Encode(int model, Party party, int turns, double work, Action ended)
    {
        while (_encoders.Count <= model)
        {
            _encoders.Add(new EncoderModel(new FairTurns(new QueuePlaces(1_000, 1_000), _quiet, _clock)));
        }

        var line = _encoders[model];
        line.Requests.Add(new EncoderRequest(line.Turns.TryJoin(party)!, turns, work, ended));
    }

    /// <summary>A request for pictures.</summary>
    /// <param name="work">Of a step of one picture, milliseconds of all processors; the same for all requests.</param>
    public void Draw(Party party, int pictures, int steps, double work, Action ended)
    {
        _painter ??= new DrawingLine(new QueuePlaces(1_000, 1_000), _quiet, _clock);
        _stepWork = work;
        var plan = new DrawingPlan(pictures, 64, 64, new LatentShape(4, 8, 8), steps, 1, 1, Prompt, null, 0)
        {
            TextTokens = 2,
        };
        var request = new DrawingRequest(new RequestIdentity(Guid.NewGuid(), 1, party.Organization, party.ServiceClass), plan, _ => { });
        _drawings.Add(request, ended);
        _painter.Add(request);
    }

    /// <summary>A chat with one choice; the streams of all organizations share the decoder's steps.</summary>
    public void Generate(Party party, int tokens, double work, Action ended)
    {
        _quiet.Enter(party, 1);
        _streams.Add(new Stream(party, tokens, work, ended));
    }

    /// <summary>Runs until nothing is left, or until <paramref name="until"/>.</summary>
    public async Task RunAsync(Func<bool>? until = null)
    {
        var idle = 0;
        while (until?.Invoke() != true)
        {
            var waits = await BeginAsync();
            if (_running.Count == 0 && !waits)
            {
                return;
            }

            idle = _running.Count > 0 ? 0 : idle + 1;
            Assert.True(idle < 10_000, "Nothing runs although somebody waits.");
            Advance(waits ? Look : Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Begins all turns that are due. True when somebody waits for a turn that could begin later.</summary>
    private async Task<bool> BeginAsync()
    {
        var waits = false;
        foreach (var model in _encoders)
        {
            foreach (var request in model.Requests)
            {
                request.Turn ??= request.Place.TakeTurnAsync(CancellationToken.None);
            }

            var running = new HashSet<Party>();
            foreach (var request in model.Requests)
            {
                // Who was chosen waits for nothing any more; its task ends on another thread.
                if (!request.Begun && request.Place.Waiting is null)
                {
                    Begin(model, request, await request.Turn!);
                }

                _ = request.Begun && running.Add(request.Place.Party);
            }

            var waiting = model.Requests.Select(request => request.Place.Party).Where(one => !running.Contains(one)).ToHashSet();
            Wait(model, waiting);
            waits |= waiting.Count > 0 && running.Count < 2;
        }

        return Paint() | Decode() | waits;
    }

    private void Begin(EncoderModel model, EncoderRequest request, FairTurns.Turn turn)
    {
        request.Begun = true;
        Served(model, request.Place.Party);
        Start(request.Work, _ =>
        {
            turn.Charge((int)Math.Ceiling(request.Work));
            turn.Dispose();
            (request.Begun, request.Turn) = (false, null);
            if (--request.Turns == 0)
            {
                request.Place.Dispose();
                model.Requests.Remove(request);
                request.Ended();
            }
        });
    }

    private bool Paint()
    {
        if (_painter is null || _painter.IsEmpty || _paints)
        {
            return false;
        }

        var pictures = _painter.Pick(PicturesPerCall, (_, _) => true);
        var served = pictures.Select(picture => picture.Party).ToHashSet();
        Wait(_painter, _painter.Requests.Select(request => request.Identity.Party).Distinct().Where(one => !served.Contains(one)));
        if (pictures.Count == 0)
        {
            return true;
        }

        _paints = true;
        foreach (var request in pictures.Select(picture => picture.Request).Where(request => request.Queued is null).Distinct())
        {
            request.Queued = TimeSpan.Zero;
            _painter.Start(request);
        }

        foreach (var party in served)
        {
            Served(_painter, party);
        }

        Start(_stepWork * pictures.Count, took =>
        {
            _paints = false;
            foreach (var picture in pictures)
            {
                _steps[picture] = _steps.GetValueOrDefault(picture) + 1;
            }

            foreach (var picture in pictures.Where(picture => _steps[picture] == picture.Request.Plan.Steps))
            {
                _steps.Remove(picture);
                _painter.Remove(picture);
                if (--picture.Request.Remaining == 0)
                {
                    _drawings.Remove(picture.Request, out var ended);
                    ended!();
                }
            }

            _painter.Charge(pictures, took);
        });
        return false;
    }

    private bool Decode()
    {
        if (_streams.Count == 0 || _generates)
        {
            return false;
        }

        _generates = true;
        var rows = _streams.ToArray();
        Start(rows.Max(stream => stream.Work), _ =>
        {
            _generates = false;
            foreach (var stream in rows)
            {
                if (--stream.Tokens == 0)
                {
                    _streams.Remove(stream);
                    _quiet.Leave(stream.Party, 1);
                    stream.Ended();
                }
            }
        });
        return false;
    }

    private void Start(double work, Action<TimeSpan> ended) => _running.Add(new Running(work, Now, ended));

    /// <summary>To the end of the shortest turn, and no further than <paramref name="most"/>.</summary>
    private void Advance(TimeSpan most)
    {
        var next = _running.Count == 0 ? most : TimeSpan.FromMilliseconds(_running.Min(turn => turn.Left) * _running.Count);
        var step = most == Timeout.InfiniteTimeSpan || next < most ? next : most;
        var each = step.TotalMilliseconds / Math.Max(1, _running.Count);
        _clock.Advance(step);
        foreach (var turn in _running)
        {
            turn.Left -= each;
        }

        foreach (var turn in _running.Where(turn => turn.Left < 0.001).ToArray())
        {
            _running.Remove(turn);
            turn.Ended(Now - turn.Since);
        }
    }

    private void Wait(object model, IEnumerable<Party> parties)
    {
        foreach (var party in parties)
        {
            _waiting.TryAdd((model, party), Now);
        }
    }

    private void Served(object model, Party party)
    {
        BatchTurns += party.IsBatch ? 1 : 0;
        if (_waiting.Remove((model, party), out var since) && Now - since > LongestWait)
        {
            LongestWait = Now - since;
        }
    }

    private sealed record EncoderModel(FairTurns Turns)
    {
        public List<EncoderRequest> Requests { get; } = [];
    }

    private sealed class EncoderRequest(FairTurns.Place place, int turns, double work, Action ended)
    {
        public FairTurns.Place Place => place;

        public double Work => work;

        public Action Ended => ended;

        public int Turns { get; set; } = turns;

        public Task<FairTurns.Turn>? Turn { get; set; }

        public bool Begun { get; set; }
    }

    private sealed class Stream(Party party, int tokens, double work, Action ended)
    {
        public Party Party => party;

        public double Work => work;

        public Action Ended => ended;

        public int Tokens { get; set; } = tokens;
    }

    private sealed class Running(double work, TimeSpan since, Action<TimeSpan> ended)
    {
        public TimeSpan Since => since;

        public Action<TimeSpan> Ended => ended;

        public double Left { get; set; } = work;
    }
}
