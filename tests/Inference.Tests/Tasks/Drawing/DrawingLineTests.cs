using Microsoft.Extensions.Time.Testing;
using Tollgate.Inference.Diffusion;
using Tollgate.Inference.Fairness;
using Tollgate.Inference.Requests;
using Tollgate.Inference.Tasks.Drawing;
using Tollgate.Inference.Tokenizers;

namespace Tollgate.Inference.Tests.Tasks.Drawing;

public sealed class DrawingLineTests
{
    private readonly QuietOrganizations _quiet = new();
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void Pick_gives_each_organization_its_share_and_an_organization_its_oldest_pictures()
    {
        var line = new DrawingLine(new QueuePlaces(100, 100), _quiet, _clock);
        var (many, few) = (Guid.NewGuid(), Guid.NewGuid());
        var first = Request(many, pictures: 4);
        line.Add(first);
        line.Add(Request(many, pictures: 4));
        line.Add(Request(few, pictures: 2));

        var picked = line.Pick(4, (_, _) => true);

        Assert.Equal([2, 2], picked.GroupBy(picture => picture.Party).Select(group => group.Count()));
        Assert.Equal([0, 1], picked.Where(picture => picture.Request == first).Select(picture => picture.Index));
    }

    [Fact]
    public void Pick_leaves_out_what_cannot_share_a_call_with_the_first()
    {
        var line = new DrawingLine(new QueuePlaces(100, 100), _quiet, _clock);
        line.Add(Request(Guid.NewGuid(), pictures: 1));
        line.Add(Request(Guid.NewGuid(), pictures: 1, width: 16));
        line.Add(Request(Guid.NewGuid(), pictures: 1));

        var picked = line.Pick(4, (one, other) => one.Request.Plan.Shape == other.Request.Plan.Shape);

        Assert.Equal([8, 8], picked.Select(picture => picture.Request.Plan.Shape.Width));
    }

    [Fact]
    public void The_organization_served_least_is_next()
    {
        var line = new DrawingLine(new QueuePlaces(100, 100), _quiet, _clock);
        var (a, b) = (Guid.NewGuid(), Guid.NewGuid());
        line.Add(Request(a, pictures: 3));
        line.Add(Request(b, pictures: 3));

        var turns = Enumerable.Range(0, 6).Select(_ =>
        {
            var picked = line.Pick(1, (_, _) => true);
            line.Charge(picked, TimeSpan.Zero);
            return picked[0].Party.Organization;
        }).ToArray();

        Assert.Equal(3, turns.Count(organization => organization == a));
        Assert.All(turns.Chunk(2), pair => Assert.NotEqual(pair[0], pair[1]));
    }

    [Fact]
    public void After_a_turn_an_organization_with_much_work_rests_while_one_with_little_has_work_elsewhere()
    {
        var line = new DrawingLine(new QueuePlaces(100, 100), _quiet, _clock);
        line.Add(Request(Guid.NewGuid(), pictures: QuietOrganizations.MostAnswers + 1));
        _quiet.Enter(new Party(Guid.NewGuid()), 1);
        line.Charge(line.Pick(1, (_, _) => true), TimeSpan.FromMilliseconds(100));

        var during = line.Pick(1, (_, _) => true);
        _clock.Advance(TimeSpan.FromMilliseconds(100 * QuietOrganizations.Share));
        var after = line.Pick(1, (_, _) => true);

        Assert.Empty(during);
        Assert.Single(after);
    }

    [Fact]
    public void Remove_frees_the_place_of_a_request_that_never_had_a_turn()
    {
        var places = new QueuePlaces(100, 100);
        var line = new DrawingLine(places, _quiet, _clock);
        var request = Request(Guid.NewGuid(), pictures: 3);
        line.Add(request);

        Assert.Equal((1, request), (places.Taken, line.LastWaiting(request.Identity.Party)));
        line.Remove(request);

        Assert.Equal((0, true), (places.Taken, line.IsEmpty));
        Assert.False(_quiet.MustGiveWay(request.Identity.Party));
    }

    [Theory]
    [InlineData(9, 3, "0@2 1@4 2@6")]
    [InlineData(9, 2, "0@3 1@6")]
    [InlineData(4, 3, "0@1 1@2 2@3")]
    [InlineData(2, 3, "0@1")]
    [InlineData(1, 3, "")]
    [InlineData(20, 0, "")]
    public void Intermediate_pictures_lie_evenly(int calls, int partial, string wanted)
    {
        var plan = Request(Guid.NewGuid(), pictures: 1, partial: partial).Plan;

        var shown = from done in Enumerable.Range(1, calls)
                    let index = plan.PartialAfter(done, calls)
                    where index is not null
                    select $"{index}@{done}";

        Assert.Equal(wanted, string.Join(' ', shown));
    }

    [Theory]
    [InlineData(512, 512, true)]
    [InlineData(64, 128, true)]
    [InlineData(1024, 1024, true)]
    [InlineData(1088, 1024, false)]
    [InlineData(990, 316, false)]
    [InlineData(63, 64, false)]
    public void Sizes_are_those_of_the_graph_within_the_bound(int width, int height, bool allowed)
    {
        var sizes = new PictureSizes(512, 512, Step: 64, MaxPixels: 1024 * 1024);

        Assert.Equal(allowed, sizes.Allows(width, height));
        var near = sizes.FindNear(width, height);
        Assert.True(sizes.Allows(near.Width, near.Height));
        Assert.True(!allowed || near == (width, height));
    }

    [Fact]
    public void FindNear_of_sizes_far_away_is_allowed_too()
    {
        var sizes = new PictureSizes(512, 512, Step: 64, MaxPixels: 1024 * 1024);

        Assert.Equal((960, 320), sizes.FindNear(990, 316));
        Assert.All(new[] { (1, 1), (16_384, 1), (1, 16_384), (16_384, 16_384) }, size =>
        {
            var (width, height) = sizes.FindNear(size.Item1, size.Item2);
            Assert.True(sizes.Allows(width, height));
        });
    }

    private static DrawingRequest Request(Guid organization, int pictures, int width = 8, int partial = 0) => new(
        new RequestIdentity(Guid.NewGuid(), 1, organization),
        new DrawingPlan(
            pictures, width * 8, 64, new LatentShape(4, 8, width), 4, 1, 1, new PromptIds(new ClipText([0, 1], 2, null), null), null,
            partial)
        {
            TextTokens = 2,
        },
        _ => { });
}
