namespace Tollgate.Inference.TensorFlowJs;

/// <summary>TensorFlow's <c>StridedSlice</c>: bounds and steps for each dimension, with masks by bits.</summary>
internal static class StridedSlices
{
    public static GraphValue[] Convert(OperatorCall call)
    {
        var rank = call.Rank(0);
        var (begin, end, steps) = Spread(call, rank);
        var starts = new List<long>();
        var ends = new List<long>();
        var (along, dropped) = (new List<long>(), new List<long>());
        for (var i = 0; i < begin.Length; i++)
        {
            if (steps[i].Step == 0)
            {
                throw call.Refuse("has a step of 0");
            }

            var (skipsBegin, skipsEnd, drops) = steps[i].Masks;
            along.Add(steps[i].Axis);
            if (drops)
            {
                dropped.Add(steps[i].Axis);
                starts.Add(begin[i]);
                ends.Add(begin[i] == -1 ? long.MaxValue : begin[i] + 1);
                continue;
            }

            starts.Add(skipsBegin ? steps[i].Step > 0 ? 0 : long.MaxValue : begin[i]);
            ends.Add(skipsEnd ? steps[i].Step > 0 ? long.MaxValue : long.MinValue : end[i]);
        }

        var sliced = call.Graph.Node(
            "Slice",
            [
                call.Plain(0), call.Graph.Vector([.. starts]), call.Graph.Vector([.. ends]), call.Graph.Vector([.. along]),
                call.Graph.Vector([.. steps.Select(step => step.Masks.Drops ? 1 : step.Step)]),
            ]);
        return OperatorCall.Value(
            dropped.Count == 0 ? sliced : call.Graph.Node("Squeeze", [sliced, call.Graph.Vector([.. dropped])]), call[0].Kind,
            rank - dropped.Count);
    }

    /// <summary>Reads the lists and puts each place at its dimension; an ellipsis stands for those that are left over.</summary>
    private static (long[] Begin, long[] End, (int Axis, long Step, (bool Begin, bool End, bool Drops) Masks)[] Steps) Spread(
        OperatorCall call, int rank)
    {
        var (begin, end, steps) = (call.Integers(1), call.Integers(2), call.Integers(3));
        var ellipsis = call.Node.Integer("ellipsis_mask", 0);
        var named = begin.Length - (ellipsis != 0 ? 1 : 0);
        if (begin.Length == 0 || end.Length != begin.Length || steps.Length != begin.Length || named > rank || begin.Length > 32
            || call.Node.Integer("new_axis_mask", 0) != 0 || (ellipsis & (ellipsis - 1)) != 0)
        {
            throw call.Refuse("slices in a way that is not supported");
        }

        bool Has(string mask, int place) => (call.Node.Integer(mask, 0) & (1L << place)) != 0;

        var places = Enumerable.Range(0, begin.Length).Where(place => (ellipsis & (1L << place)) == 0).ToArray();
        var (axis, spread) = (0, new List<(int, long, (bool, bool, bool))>());
        for (var place = 0; place < begin.Length; place++)
        {
            if (!places.Contains(place))
            {
                axis += rank - named;
                continue;
            }

            spread.Add((axis++, steps[place], (Has("begin_mask", place), Has("end_mask", place), Has("shrink_axis_mask", place))));
        }

        return ([.. places.Select(place => begin[place])], [.. places.Select(place => end[place])], [.. spread]);
    }
}
